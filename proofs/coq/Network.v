(** ReLU networks over the reals and the regions crossed by a segment. *)

From Coq Require Import Reals Lra Lia List Bool.
From Plica Require Import Measure.
Import ListNotations.
Open Scope R_scope.

(** A row is the weights and the bias of one unit, a layer a list of rows, a
    network a list of layers of which the last one is the output. *)
Definition row : Type := (list R * R)%type.
Definition layer : Type := list row.
Definition network : Type := list layer.

(** Dot product of two lists, cut to the shorter one. *)
Fixpoint dot (w x : list R) : R :=
  match w, x with
  | a :: w', b :: x' => a * b + dot w' x'
  | _, _ => 0
  end.

(** Pre-activation of a unit, and of all units of a layer. *)
Definition pre (r : row) (x : list R) : R := snd r + dot (fst r) x.
Definition pres (l : layer) (x : list R) : list R := map (fun r => pre r x) l.

(** The rectifier, and the output of a hidden layer. *)
Definition relu (z : R) : R := Rmax z 0.
Definition act (l : layer) (x : list R) : list R := map relu (pres l x).

(** The bit of a unit: on exactly where its pre-activation is positive, so a
    pre-activation that is zero counts as off. *)
Definition on (z : R) : bool := if Rlt_dec 0 z then true else false.

(** The hidden layers: all but the last. *)
Definition hidden (net : network) : list layer := removelast net.

(** The bits of a stack of hidden layers, in order. *)
Fixpoint stack_bits (ls : list layer) (x : list R) : pattern :=
  match ls with
  | [] => []
  | l :: ls' => map on (pres l x) ++ stack_bits ls' (act l x)
  end.

(** The activation pattern of a network at an input. *)
Definition pattern_at (net : network) (x : list R) : pattern :=
  stack_bits (hidden net) x.

(** The value of a network: hidden layers are rectified, the last one is not. *)
Fixpoint output (net : network) (x : list R) : list R :=
  match net with
  | [] => x
  | [l] => pres l x
  | l :: net' => output net' (act l x)
  end.

(** The point at time [t] on the segment from [a] to [b]. *)
Fixpoint seg (a b : list R) (t : R) : list R :=
  match a, b with
  | x :: a', y :: b' => ((1 - t) * x + t * y) :: seg a' b' t
  | _, _ => []
  end.

(** The pattern is constantly [p] on the open interval. *)
Definition const_on (f : R -> pattern) (s u : R) (p : pattern) : Prop :=
  forall t, s < t < u -> f t = p.

Definition pattern_dec : forall p q : pattern, {p = q} + {p <> q} :=
  list_eq_dec bool_dec.

(** Put a pattern in front of a path unless the path already begins with it. *)
Definition push (p : pattern) (ps : path) : path :=
  match ps with
  | [] => [p]
  | q :: _ => if pattern_dec p q then ps else p :: ps
  end.

(** [cut f s u ps]: there are times s = t0 < t1 < ... < tn = u such that the
    pattern is constant on each open interval between them, and [ps] lists
    these patterns with equal neighbours written once. The times themselves,
    finitely many, do not count: that makes the relation independent of the
    choice of times. *)
Inductive cut (f : R -> pattern) : R -> R -> path -> Prop :=
| cut_last : forall s u p, s < u -> const_on f s u p -> cut f s u [p]
| cut_more : forall s t u p ps, s < t -> const_on f s t p -> cut f t u ps ->
    cut f s u (push p ps).

(** The regions crossed by the segment from [a] to [b], in order. *)
Definition traces (net : network) (a b : list R) (ps : path) : Prop :=
  cut (fun t => pattern_at net (seg a b t)) 0 1 ps.

(** The same with consecutive intervals required to carry different patterns. *)
Inductive cut_strict (f : R -> pattern) : R -> R -> path -> Prop :=
| strict_last : forall s u p, s < u -> const_on f s u p -> cut_strict f s u [p]
| strict_more : forall s t u p q ps, s < t -> const_on f s t p -> p <> q ->
    cut_strict f t u (q :: ps) -> cut_strict f s u (p :: q :: ps).

(** The regions crossed, told with cutting times at each of which the pattern
    really changes from one region to another. A segment that only touches the
    border of a region has a trace but not one of this kind. *)
Definition traces_strict (net : network) (a b : list R) (ps : path) : Prop :=
  cut_strict (fun t => pattern_at net (seg a b t)) 0 1 ps.

(** ** Basic facts *)

Lemma on_true : forall z, 0 < z -> on z = true.
Proof. intros z H. unfold on. destruct (Rlt_dec 0 z); [reflexivity|contradiction]. Qed.

Lemma on_false : forall z, z <= 0 -> on z = false.
Proof. intros z H. unfold on. destruct (Rlt_dec 0 z); [lra|reflexivity]. Qed.

Lemma on_true_inv : forall z, on z = true -> 0 < z.
Proof. intros z. unfold on. destruct (Rlt_dec 0 z); [auto|discriminate]. Qed.

Lemma on_false_inv : forall z, on z = false -> z <= 0.
Proof. intros z. unfold on. destruct (Rlt_dec 0 z); [discriminate|intros; lra]. Qed.

Lemma relu_pos : forall z, 0 <= z -> relu z = z.
Proof. intros z H. unfold relu. apply Rmax_left. lra. Qed.

Lemma relu_neg : forall z, z <= 0 -> relu z = 0.
Proof. intros z H. unfold relu. apply Rmax_right. lra. Qed.

Lemma stack_bits_length : forall ls x y,
  length (stack_bits ls x) = length (stack_bits ls y).
Proof.
  induction ls as [|l ls IH]; intros x y; simpl; [reflexivity|].
  rewrite !app_length, (IH (act l x) (act l y)). unfold pres. rewrite !map_length.
  reflexivity.
Qed.

(** All patterns of a network have the same number of bits. *)
Lemma pattern_at_length : forall net x y,
  length (pattern_at net x) = length (pattern_at net y).
Proof. intros. apply stack_bits_length. Qed.

Lemma cut_lt : forall f s u ps, cut f s u ps -> s < u.
Proof. induction 1; lra. Qed.

Lemma cut_nonempty : forall f s u ps, cut f s u ps -> ps <> [].
Proof.
  induction 1; [discriminate|]. destruct ps as [|q ps]; [easy|].
  simpl. destruct (pattern_dec p q); discriminate.
Qed.

Lemma push_hd : forall p ps, first (push p ps) = p.
Proof.
  intros p [|q ps]; [reflexivity|]. simpl.
  destruct (pattern_dec p q); [subst|]; reflexivity.
Qed.

Lemma push_idem : forall p ps, push p (push p ps) = push p ps.
Proof.
  intros p ps. pose proof (push_hd p ps) as H.
  destruct (push p ps) as [|q qs] eqn:E.
  - destruct ps as [|r ps]; [discriminate E|].
    simpl in E. destruct (pattern_dec p r); discriminate E.
  - simpl in H. subst q. simpl. destruct (pattern_dec p p); [reflexivity|easy].
Qed.

Lemma push_self : forall p ps, ps <> [] -> first ps = p -> push p ps = ps.
Proof.
  intros p [|q ps] N H; [easy|]. simpl in H. subst q. simpl.
  destruct (pattern_dec p p); [reflexivity|easy].
Qed.

(** Cuts with the number of intervals, for induction. *)
Inductive cutn (f : R -> pattern) : nat -> R -> R -> path -> Prop :=
| cutn_last : forall s u p, s < u -> const_on f s u p -> cutn f 1 s u [p]
| cutn_more : forall n s t u p ps, s < t -> const_on f s t p -> cutn f n t u ps ->
    cutn f (S n) s u (push p ps).

Lemma cut_cutn : forall f s u ps, cut f s u ps -> exists n, cutn f n s u ps.
Proof.
  induction 1.
  - exists 1%nat. constructor; assumption.
  - destruct IHcut as [n Hn]. exists (S n). econstructor; eassumption.
Qed.

Lemma cutn_cut : forall f n s u ps, cutn f n s u ps -> cut f s u ps.
Proof. induction 1; econstructor; eassumption. Qed.

Lemma const_meet : forall f s u u' p p', s < u -> s < u' ->
  const_on f s u p -> const_on f s u' p' -> p = p'.
Proof.
  intros f s u u' p p' H H' C C'. unfold const_on in *.
  pose proof (Rmin_glb_lt u u' s H H') as M.
  pose proof (Rmin_l u u') as Ml. pose proof (Rmin_r u u') as Mr.
  set (t := (s + Rmin u u') / 2).
  rewrite <- (C t), <- (C' t); [reflexivity|unfold t; lra..].
Qed.

Lemma const_sub : forall f s u s' u' p, s <= s' -> u' <= u ->
  const_on f s u p -> const_on f s' u' p.
Proof. intros f s u s' u' p H H' C t Ht. apply C. lra. Qed.

Lemma cutn_unique : forall f k n n' s u ps ps', (n + n' <= k)%nat ->
  cutn f n s u ps -> cutn f n' s u ps' -> ps = ps'.
Proof.
  intros f. induction k as [|k IH]; intros n n' s u ps ps' K H H'.
  { destruct H; simpl in K; lia. }
  destruct H as [s u p L C|n s t u p qs L C H];
    destruct H' as [s' u' p' L' C'|n' s' t' u' p' qs' L' C' H'].
  - rewrite (const_meet f s' u' u' p p'); auto.
  - assert (t' < u') as T by (apply cut_lt with f qs'; eapply cutn_cut; eassumption).
    assert (p = p') as -> by (apply (const_meet f s' u' t'); auto; lra).
    assert ([p'] = qs') as <-.
    { apply (IH 1%nat n' t' u'); [lia| |exact H'].
      constructor; [exact T|]. apply (const_sub f s' u'); auto; lra. }
    symmetry. apply push_self; [discriminate|reflexivity].
  - assert (t < u') as T by (apply cut_lt with f qs; eapply cutn_cut; eassumption).
    assert (p = p') as -> by (apply (const_meet f s' t u'); auto; lra).
    assert (qs = [p']) as ->.
    { apply (IH n 1%nat t u'); [lia|exact H|].
      constructor; [exact T|]. apply (const_sub f s' u'); auto; lra. }
    apply push_self; [discriminate|reflexivity].
  - assert (p = p') as -> by (apply (const_meet f s' t t'); auto).
    destruct (Rtotal_order t t') as [Q|[Q|Q]].
    + assert (qs = push p' qs') as ->.
      { apply (IH n (S n') t u'); [lia|exact H|].
        econstructor; [exact Q| |exact H']. apply (const_sub f s' t'); auto; lra. }
      apply push_idem.
    + subst t'. rewrite (IH n n' t u' qs qs'); [reflexivity|lia|auto|auto].
    + assert (push p' qs = qs') as <-.
      { apply (IH (S n) n' t' u'); [lia| |exact H'].
        econstructor; [exact Q| |exact H]. apply (const_sub f s' t); auto; lra. }
      symmetry. apply push_idem.
Qed.

(** The regions crossed do not depend on the times chosen to cut the segment. *)
Theorem cut_unique : forall f s u ps ps', cut f s u ps -> cut f s u ps' -> ps = ps'.
Proof.
  intros f s u ps ps' H H'. apply cut_cutn in H. apply cut_cutn in H'.
  destruct H as [n H], H' as [n' H']. exact (cutn_unique f _ n n' s u ps ps' (le_n _) H H').
Qed.

(** A segment has at most one trace. *)
Theorem traces_unique : forall net a b ps ps',
  traces net a b ps -> traces net a b ps' -> ps = ps'.
Proof. intros net a b ps ps'. apply cut_unique. Qed.

(** Cuts whose neighbours differ are cuts. *)
Theorem cut_strict_cut : forall f s u ps, cut_strict f s u ps -> cut f s u ps.
Proof.
  induction 1; [constructor; assumption|].
  replace (p :: q :: ps) with (push p (q :: ps));
    [econstructor; eassumption|].
  simpl. destruct (pattern_dec p q); [contradiction|reflexivity].
Qed.

(** The strict trace is the trace. *)
Theorem traces_strict_traces : forall net a b ps,
  traces_strict net a b ps -> traces net a b ps.
Proof. intros net a b ps. apply cut_strict_cut. Qed.

Lemma cutn_length : forall f n s u ps, cutn f n s u ps -> (length ps <= n)%nat.
Proof.
  induction 1; simpl; [lia|]. destruct ps as [|q ps]; simpl in *; [lia|].
  destruct (pattern_dec p q); simpl; lia.
Qed.

(** A cut that writes every interval is strict. *)
Lemma cutn_strict : forall f n s u ps, cutn f n s u ps -> length ps = n ->
  cut_strict f s u ps.
Proof.
  induction 1 as [s u p L C|n s t u p ps L C H IH]; intros E; [constructor; assumption|].
  pose proof (cutn_length f n t u ps H) as K.
  destruct ps as [|q ps].
  - exfalso. apply (cut_nonempty f t u []); [eapply cutn_cut; exact H|reflexivity].
  - simpl in E. destruct (pattern_dec p q) as [|N].
    + simpl in E, K. lia.
    + simpl. destruct (pattern_dec p q); [contradiction|].
      econstructor; [exact L|exact C|exact N|]. apply IH. simpl in E |- *. lia.
Qed.

(** No two neighbours of a path are equal. *)
Fixpoint stutter_free (ps : path) : Prop :=
  match ps with
  | p :: ((q :: _) as ps') => p <> q /\ stutter_free ps'
  | _ => True
  end.

(** Consecutive patterns of a trace differ. *)
Theorem cut_stutter_free : forall f s u ps, cut f s u ps -> stutter_free ps.
Proof.
  induction 1; [exact I|]. destruct ps as [|q ps]; [exact I|].
  unfold push. destruct (pattern_dec p q); [exact IHcut|]. split; assumption.
Qed.

Lemma cut_uniform : forall f m s u ps, (forall t, length (f t) = m) ->
  cut f s u ps -> uniform m ps.
Proof.
  intros f m s u ps Hf H. induction H as [s u p L C|s t u p ps L C H IH].
  - intros q [<-|[]]. rewrite <- (C ((s + u) / 2)) by lra. apply Hf.
  - assert (length p = m) as Lp by (rewrite <- (C ((s + t) / 2)) by lra; apply Hf).
    destruct ps as [|q ps]; simpl.
    + intros r [<-|[]]. exact Lp.
    + destruct (pattern_dec p q); [exact IH|].
      intros r [<-|Hr]; [exact Lp|]. apply IH. exact Hr.
Qed.

(** All patterns of a trace have the same length, so the theorems on the
    measure apply to it. *)
Theorem traces_uniform : forall net a b ps, traces net a b ps ->
  uniform (length (pattern_at net a)) ps.
Proof.
  intros net a b ps H. eapply cut_uniform; [|exact H].
  intros t. apply pattern_at_length.
Qed.
