(** Points, affine forms, on/off patterns and their cells in R^d.

    Everything used by the convexity theorems that is plain geometry of one
    finite family of affine forms lives here. *)

From Coq Require Import Reals Lra Lia List Bool Arith.
Import ListNotations.
Open Scope R_scope.

Section Affine.

(** The dimension of the ambient space. *)
Variable d : nat.

(** A point is a coordinate function; only the coordinates [i < d] matter. *)
Definition point := nat -> R.

(** An affine form: its linear coefficients and its constant. *)
Record form := Form { lin : nat -> R; cst : R }.

(** Sum of [a i * x i] over [i < n]. *)
Fixpoint dot (n : nat) (a x : nat -> R) : R :=
  match n with
  | O => 0
  | S k => dot k a x + a k * x k
  end.

(** Value of a form at a point. *)
Definition ev (f : form) (x : point) : R := cst f + dot d (lin f) x.

(** The identically zero form; also the default when a list of forms is read
    past its end, which lets all indices range over [nat]. *)
Definition z0 : form := Form (fun _ => 0) 0.

(** A form that vanishes everywhere. *)
Definition zero_form (f : form) : Prop := forall y, ev f y = 0.

(** The point at time [t] on the segment from [x] to [y]. *)
Definition comb (t : R) (x y : point) : point := fun i => (1 - t) * x i + t * y i.

(** Translation of a point by a vector. *)
Definition shift (x v : point) : point := fun i => x i + v i.

(** [y] is within [eps] of [x] in the maximum norm. *)
Definition near (eps : R) (x y : point) : Prop :=
  forall i, (i < d)%nat -> Rabs (y i - x i) < eps.

(** ** Evaluation *)

Lemma dot_ext : forall n a x y,
  (forall i, (i < n)%nat -> x i = y i) -> dot n a x = dot n a y.
Proof.
  induction n as [|n IH]; intros a x y H; simpl; [reflexivity|].
  rewrite (IH a x y) by (intros i Hi; apply H; lia).
  rewrite (H n) by lia. reflexivity.
Qed.

Lemma ev_ext : forall f x y,
  (forall i, (i < d)%nat -> x i = y i) -> ev f x = ev f y.
Proof. intros f x y H. unfold ev. rewrite (dot_ext _ _ _ _ H). reflexivity. Qed.

Lemma dot_comb : forall n a t x y,
  dot n a (comb t x y) = (1 - t) * dot n a x + t * dot n a y.
Proof.
  induction n as [|n IH]; intros a t x y; simpl; [ring|].
  rewrite IH. unfold comb. ring.
Qed.

Lemma ev_comb : forall f t x y,
  ev f (comb t x y) = (1 - t) * ev f x + t * ev f y.
Proof. intros f t x y. unfold ev. rewrite dot_comb. ring. Qed.

Lemma dot_shift : forall n a x v, dot n a (shift x v) = dot n a x + dot n a v.
Proof.
  induction n as [|n IH]; intros a x v; simpl; [ring|].
  rewrite IH. unfold shift. ring.
Qed.

Lemma ev_shift : forall f x v, ev f (shift x v) = ev f x + dot d (lin f) v.
Proof. intros f x v. unfold ev. rewrite dot_shift. ring. Qed.

Lemma dot_zero_l : forall n x, dot n (fun _ => 0) x = 0.
Proof. induction n as [|n IH]; intros x; simpl; [reflexivity|]. rewrite IH. ring. Qed.

Lemma ev_z0 : forall x, ev z0 x = 0.
Proof. intros x. unfold ev, z0; simpl. rewrite dot_zero_l. ring. Qed.

(** [f(c) g - g(c) f]: the form that vanishes at [c] and compares the
    directions of [f] and [g]; it is identically zero when they are
    proportional. *)
Definition cross (c : point) (f g : form) : form :=
  Form (fun i => ev f c * lin g i - ev g c * lin f i)
       (ev f c * cst g - ev g c * cst f).

Lemma dot_lincomb : forall n u v a b x,
  dot n (fun i => u * a i - v * b i) x = u * dot n a x - v * dot n b x.
Proof.
  induction n as [|n IH]; intros; simpl; [ring|]. rewrite IH. ring.
Qed.

Lemma ev_cross : forall c f g x,
  ev (cross c f g) x = ev f c * ev g x - ev g c * ev f x.
Proof.
  intros c f g x. unfold cross. unfold ev at 1. simpl. rewrite dot_lincomb.
  unfold ev. ring.
Qed.

(** ** Zero forms are decidable *)

Lemma dot_zero_dec : forall n a,
  {forall x, dot n a x = 0} + {exists x, dot n a x <> 0}.
Proof.
  induction n as [|n IH]; intros a; simpl; [left; reflexivity|].
  destruct (IH a) as [Z|N].
  - destruct (Req_EM_T (a n) 0) as [E|E].
    + left. intros x. rewrite Z, E. ring.
    + right. exists (fun _ => 1). rewrite Z. lra.
  - right. destruct N as [x Hx].
    exists (fun i => if Nat.eq_dec i n then 0 else x i).
    rewrite (dot_ext n a _ x).
    + destruct (Nat.eq_dec n n); [lra|congruence].
    + intros i Hi. destruct (Nat.eq_dec i n); [lia|reflexivity].
Qed.

Lemma zero_dec : forall f, {zero_form f} + {exists y, ev f y <> 0}.
Proof.
  intros f. destruct (dot_zero_dec d (lin f)) as [Z|N].
  - destruct (Req_EM_T (cst f) 0) as [E|E].
    + left. intros y. unfold ev. rewrite Z, E. ring.
    + right. exists (fun _ => 0). unfold ev. rewrite Z. lra.
  - right. destruct N as [x Hx].
    destruct (Req_EM_T (ev f x) 0) as [E|E].
    + exists (comb 2 x (fun _ => 0)). rewrite ev_comb, E.
      unfold ev in *.
      assert (dot d (lin f) (fun _ => 0) = 0) as Z.
      { clear. induction d as [|n IH]; simpl; [reflexivity|]. rewrite IH; ring. }
      rewrite Z. lra.
    + exists x. exact E.
Qed.

Lemma zero_or_not : forall f, zero_form f \/ exists y, ev f y <> 0.
Proof. intros f. destruct (zero_dec f); auto. Qed.

(** ** Continuity *)

(** A margin for each member of a finite list gives one margin for all. *)
Lemma eps_list : forall (A : Type) (P : A -> R -> Prop) (l : list A),
  (forall a e e', P a e -> 0 < e' <= e -> P a e') ->
  (forall a, In a l -> exists e, 0 < e /\ P a e) ->
  exists e, 0 < e <= 1 /\ forall a, In a l -> P a e.
Proof.
  intros A P l mono. induction l as [|a l IH]; intros H.
  - exists 1. split; [lra|]. intros a [].
  - destruct IH as [e1 [He1 P1]]; [intros b Hb; apply H; right; exact Hb|].
    destruct (H a (or_introl eq_refl)) as [e2 [He2 P2]].
    exists (Rmin e1 e2).
    assert (0 < Rmin e1 e2) by (apply Rmin_glb_lt; lra).
    pose proof (Rmin_l e1 e2). pose proof (Rmin_r e1 e2).
    split; [lra|].
    intros b [<-|Hb].
    + apply mono with e2; [exact P2|lra].
    + apply mono with e1; [apply P1; exact Hb|lra].
Qed.

Lemma near_mono : forall e e' x y, near e' x y -> e' <= e -> near e x y.
Proof. intros e e' x y H L i Hi. specialize (H i Hi). lra. Qed.

Lemma near_refl : forall e x, 0 < e -> near e x x.
Proof. intros e x H i Hi. rewrite Rminus_diag_eq by reflexivity. rewrite Rabs_R0. exact H. Qed.

Lemma near_trans : forall e1 e2 e x y z,
  near e1 x y -> near e2 y z -> e1 + e2 <= e -> near e x z.
Proof.
  intros e1 e2 e x y z H1 H2 L i Hi.
  specialize (H1 i Hi). specialize (H2 i Hi).
  replace (z i - x i) with ((z i - y i) + (y i - x i)) by ring.
  pose proof (Rabs_triang (z i - y i) (y i - x i)). lra.
Qed.

Lemma dot_cont : forall n a, exists L, 0 <= L /\
  forall e x y, 0 < e ->
  (forall i, (i < n)%nat -> Rabs (y i - x i) < e) ->
  Rabs (dot n a y - dot n a x) <= L * e.
Proof.
  induction n as [|n IH]; intros a.
  - exists 0. split; [lra|]. intros e x y He _. simpl. rewrite Rminus_diag_eq by reflexivity.
    rewrite Rabs_R0. lra.
  - destruct (IH a) as [L [HL H]]. exists (L + Rabs (a n)).
    pose proof (Rabs_pos (a n)) as Ha. split; [lra|].
    intros e x y He N. simpl.
    replace (dot n a y + a n * y n - (dot n a x + a n * x n))
      with ((dot n a y - dot n a x) + a n * (y n - x n)) by ring.
    pose proof (Rabs_triang (dot n a y - dot n a x) (a n * (y n - x n))) as T.
    rewrite Rabs_mult in T.
    assert (Rabs (dot n a y - dot n a x) <= L * e) as B1
      by (apply H; [exact He|intros i Hi; apply N; lia]).
    assert (Rabs (y n - x n) < e) as B2 by (apply N; lia).
    assert (Rabs (a n) * Rabs (y n - x n) <= Rabs (a n) * e) as B3
      by (apply Rmult_le_compat_l; lra).
    lra.
Qed.

Lemma ev_cont : forall f x eta, 0 < eta ->
  exists e, 0 < e /\ forall y, near e x y -> Rabs (ev f y - ev f x) < eta.
Proof.
  intros f x eta He. destruct (dot_cont d (lin f)) as [L [HL H]].
  assert (0 < L + 1) as HL1 by lra.
  exists (eta / (L + 1)).
  assert (0 < eta / (L + 1)) as He' by (apply Rdiv_lt_0_compat; lra).
  split; [exact He'|]. intros y N.
  unfold ev.
  replace (cst f + dot d (lin f) y - (cst f + dot d (lin f) x))
    with (dot d (lin f) y - dot d (lin f) x) by ring.
  pose proof (H _ x y He' N) as B.
  assert (eta = (L + 1) * (eta / (L + 1))) as Q by (field; lra).
  lra.
Qed.

(** A strictly positive value stays positive nearby. *)
Lemma pos_open : forall f x, 0 < ev f x ->
  exists e, 0 < e /\ forall y, near e x y -> 0 < ev f y.
Proof.
  intros f x H. destruct (ev_cont f x (ev f x) H) as [e [He C]].
  exists e. split; [exact He|]. intros y N. specialize (C y N).
  apply Rabs_def2 in C. lra.
Qed.

(** A strictly negative value stays negative nearby. *)
Lemma neg_open : forall f x, ev f x < 0 ->
  exists e, 0 < e /\ forall y, near e x y -> ev f y < 0.
Proof.
  intros f x H. destruct (ev_cont f x (- ev f x)) as [e [He C]]; [lra|].
  exists e. split; [exact He|]. intros y N. specialize (C y N).
  apply Rabs_def2 in C. lra.
Qed.

(** A short step from [x] towards any [y] stays near [x]. *)
Lemma comb_near : forall x y eps, 0 < eps ->
  exists s0, 0 < s0 <= 1 /\ forall s, 0 <= s <= s0 -> near eps x (comb s x y).
Proof.
  intros x y eps He.
  destruct (eps_list nat
    (fun i e => forall s, 0 <= s <= e -> Rabs (comb s x y i - x i) < eps) (seq 0 d))
    as [e [H1 H2]].
  - intros i e e' H L s Hs. apply H. lra.
  - intros i _. pose proof (Rabs_pos (y i - x i)) as Hp.
    set (M := Rabs (y i - x i) + 1) in *.
    assert (0 < M) by (unfold M; lra).
    assert (0 < eps / M) as Hq by (apply Rdiv_lt_0_compat; lra).
    exists (eps / M). split; [exact Hq|].
    intros s Hs. unfold comb.
    replace ((1 - s) * x i + s * y i - x i) with (s * (y i - x i)) by ring.
    rewrite Rabs_mult, (Rabs_right s) by lra.
    assert (eps = eps / M * M) as Q by (field; lra).
    assert (s * Rabs (y i - x i) <= eps / M * Rabs (y i - x i)) as B
      by (apply Rmult_le_compat_r; lra).
    assert (M = Rabs (y i - x i) + 1) as HM by reflexivity.
    rewrite HM in Q at 2. lra.
  - exists e. split; [exact H1|]. intros s Hs i Hi.
    apply H2; [apply in_seq; lia|exact Hs].
Qed.

(** Moving the ends of a segment by less than [eps] moves the point at time
    [t] by less than [eps]. *)
Lemma near_comb : forall e t x x' y y', 0 <= t <= 1 ->
  near e x x' -> near e y y' -> near e (comb t x y) (comb t x' y').
Proof.
  intros e t x x' y y' Ht Hx Hy i Hi. unfold comb.
  specialize (Hx i Hi). specialize (Hy i Hi).
  apply Rabs_def2 in Hx. apply Rabs_def2 in Hy.
  destruct (Rlt_le_dec 0 t) as [T|T].
  - apply Rabs_def1; nra.
  - assert (t = 0) as -> by lra. apply Rabs_def1; lra.
Qed.

(** ** Perturbation *)

(** A form that is not identically zero can be made non-zero by an
    arbitrarily small move. *)
Lemma perturb_one : forall f x eps, 0 < eps -> (exists y, ev f y <> 0) ->
  exists y, near eps x y /\ ev f y <> 0.
Proof.
  intros f x eps He [y0 H0].
  destruct (Req_EM_T (ev f x) 0) as [E|E].
  - destruct (comb_near x y0 eps He) as [s0 [Hs N]].
    exists (comb s0 x y0). split; [apply N; lra|].
    rewrite ev_comb, E. intros Q.
    assert (s0 * ev f y0 = 0) as Q' by lra.
    apply Rmult_integral in Q'. destruct Q'; [lra|contradiction].
  - exists x. split; [apply near_refl; exact He|exact E].
Qed.

(** Arbitrarily near any point there is one at which no form of a given
    finite list vanishes, except those that vanish everywhere. *)
Lemma perturb : forall l x eps, 0 < eps ->
  exists y, near eps x y /\ forall f, In f l -> zero_form f \/ ev f y <> 0.
Proof.
  induction l as [|f l IH]; intros x eps He.
  - exists x. split; [apply near_refl; exact He|]. intros f [].
  - destruct (IH x (eps / 2)) as [y [N H]]; [lra|].
    destruct (zero_or_not f) as [Z|Nz].
    + exists y. split; [apply near_mono with (eps / 2); [exact N|lra]|].
      intros g [<-|Hg]; auto.
    + destruct (eps_list form
        (fun g e => forall z, near e y z -> zero_form g \/ ev g z <> 0) l)
        as [e [He1 He2]].
      * intros g e e' P L z Nz'. apply P. apply near_mono with e'; [exact Nz'|lra].
      * intros g Hg. destruct (H g Hg) as [Z|Hn].
        -- exists 1. split; [lra|]. auto.
        -- destruct (Rlt_le_dec 0 (ev g y)) as [L|L].
           ++ destruct (pos_open g y L) as [e [P1 P2]]. exists e. split; [exact P1|].
              intros z Nz'. right. specialize (P2 z Nz'). lra.
           ++ destruct (neg_open g y) as [e [P1 P2]]; [lra|]. exists e. split; [exact P1|].
              intros z Nz'. right. specialize (P2 z Nz'). lra.
      * assert (0 < Rmin e (eps / 2)) as Hm by (apply Rmin_glb_lt; lra).
        pose proof (Rmin_l e (eps / 2)). pose proof (Rmin_r e (eps / 2)).
        destruct (perturb_one f y _ Hm Nz) as [z [N2 H2]].
        exists z. split.
        -- apply near_trans with (e1 := eps / 2) (e2 := Rmin e (eps / 2)) (y := y);
             [exact N|exact N2|lra].
        -- intros g [<-|Hg]; [right; exact H2|].
           apply He2; [exact Hg|]. apply near_mono with (Rmin e (eps / 2)); [exact N2|lra].
Qed.

End Affine.
