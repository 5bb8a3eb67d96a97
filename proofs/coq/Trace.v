(** Completeness of the trace of a segment: the pre-activations at the two ends
    of an interval decide whether the pattern changes inside it. *)

From Coq Require Import Reals Lra Lia List Bool QArith Qreals.
From Plica Require Import Measure Network.
Import ListNotations.
Open Scope R_scope.

(** A function of time that is affine on the closed interval. *)
Definition affine_on (s u : R) (g : R -> R) : Prop :=
  exists c d, forall t, s <= t <= u -> g t = c + d * t.

(** A vector of functions of time, each affine on the closed interval. *)
Definition affine_vec (s u : R) (X : R -> list R) : Prop :=
  exists cs : list (R * R), forall t, s <= t <= u ->
    X t = map (fun c => fst c + snd c * t) cs.

(** The output of a stack of hidden layers. *)
Definition run (ls : list layer) (x : list R) : list R :=
  fold_left (fun y l => act l y) ls x.

(** All pre-activations of a stack of hidden layers, in the order of the bits. *)
Fixpoint stack_pres (ls : list layer) (x : list R) : list R :=
  match ls with
  | [] => []
  | l :: ls' => pres l x ++ stack_pres ls' (act l x)
  end.

(** End values that allow no crossing inside: both non-negative and not
    both zero, or both non-positive (both zero: the form is zero throughout). *)
Definition no_crossing (x y : R) : Prop :=
  (0 <= x /\ 0 <= y /\ 0 < x + y) \/ (x <= 0 /\ y <= 0).

(** End values of equal strict sign, or both zero. *)
Definition settled (x y : R) : Prop :=
  (0 < x /\ 0 < y) \/ (x < 0 /\ y < 0) \/ (x = 0 /\ y = 0).

(** ** One affine function on one interval *)

Lemma affine_mix : forall s u g t, affine_on s u g -> s <= t <= u ->
  (u - s) * g t = (u - t) * g s + (t - s) * g u.
Proof.
  intros s u g t (c & d & H) Ht. rewrite !H by lra. ring.
Qed.

(** Positive at both ends, positive between. *)
Theorem affine_pos : forall s u g, s < u -> affine_on s u g ->
  0 < g s -> 0 < g u -> forall t, s <= t <= u -> 0 < g t.
Proof.
  intros s u g L A P Q t Ht. pose proof (affine_mix s u g t A Ht) as M.
  destruct (Rlt_dec 0 (g t)) as [|N]; [assumption|exfalso].
  assert (0 <= (u - t) * g s) by (apply Rmult_le_pos; lra).
  assert (0 <= (t - s) * g u) by (apply Rmult_le_pos; lra).
  destruct (Req_dec t s) as [->|]; [lra|].
  assert (0 < (t - s) * g u) by (apply Rmult_lt_0_compat; lra).
  assert (0 <= (u - s) * - g t) by (apply Rmult_le_pos; lra). lra.
Qed.

Lemma affine_opp : forall s u g, affine_on s u g -> affine_on s u (fun t => - g t).
Proof.
  intros s u g (c & d & H). exists (- c), (- d). intros t Ht. rewrite H by lra. ring.
Qed.

(** Negative at both ends, negative between. *)
Theorem affine_neg : forall s u g, s < u -> affine_on s u g ->
  g s < 0 -> g u < 0 -> forall t, s <= t <= u -> g t < 0.
Proof.
  intros s u g L A P Q t Ht.
  pose proof (affine_pos s u _ L (affine_opp s u g A) ltac:(lra) ltac:(lra) t Ht). lra.
Qed.

Lemma affine_nonpos : forall s u g, s < u -> affine_on s u g ->
  g s <= 0 -> g u <= 0 -> forall t, s <= t <= u -> g t <= 0.
Proof.
  intros s u g L A P Q t Ht. pose proof (affine_mix s u g t A Ht) as M.
  destruct (Rle_dec (g t) 0) as [|N]; [assumption|exfalso].
  assert (0 <= (u - t) * - g s) by (apply Rmult_le_pos; lra).
  assert (0 <= (t - s) * - g u) by (apply Rmult_le_pos; lra).
  assert (0 < (u - s) * g t) by (apply Rmult_lt_0_compat; lra). lra.
Qed.

(** Zero at both ends, zero between. *)
Theorem affine_zero : forall s u g, s < u -> affine_on s u g ->
  g s = 0 -> g u = 0 -> forall t, s <= t <= u -> g t = 0.
Proof.
  intros s u g L A P Q t Ht.
  pose proof (affine_nonpos s u g L A ltac:(lra) ltac:(lra) t Ht).
  pose proof (affine_nonpos s u _ L (affine_opp s u g A) ltac:(lra) ltac:(lra) t Ht). lra.
Qed.

(** Opposite strict signs at the ends: exactly one zero, and it lies inside. *)
Theorem affine_one_zero : forall s u g, s < u -> affine_on s u g ->
  (0 < g s /\ g u < 0) \/ (g s < 0 /\ 0 < g u) ->
  exists t, s < t < u /\ g t = 0 /\ forall r, s <= r <= u -> g r = 0 -> r = t.
Proof.
  assert (forall s u g, s < u -> affine_on s u g -> 0 < g s -> g u < 0 ->
    exists t, s < t < u /\ g t = 0 /\ forall r, s <= r <= u -> g r = 0 -> r = t) as W.
  { intros s u g L A P Q.
    set (w := g s / (g s - g u)).
    assert (w * (g s - g u) = g s) as Ew by (unfold w; field; lra).
    assert (0 < w) by (unfold w; apply Rdiv_lt_0_compat; lra).
    assert (w < 1) by (apply (Rmult_lt_reg_r (g s - g u)); lra).
    assert (0 < w * (u - s)) by (apply Rmult_lt_0_compat; lra).
    assert (0 < (1 - w) * (u - s)) by (apply Rmult_lt_0_compat; lra).
    exists (s + w * (u - s)). split; [lra|].
    assert (g (s + w * (u - s)) = 0) as Z.
    { pose proof (affine_mix s u g (s + w * (u - s)) A ltac:(lra)) as M.
      apply (Rmult_eq_reg_l (u - s)); [|lra]. rewrite M.
      replace ((u - (s + w * (u - s))) * g s + (s + w * (u - s) - s) * g u)
        with ((u - s) * (g s - w * (g s - g u))) by ring. rewrite Ew. ring. }
    split; [exact Z|]. intros r Hr Zr.
    pose proof (affine_mix s u g r A Hr) as M. rewrite Zr in M.
    apply (Rmult_eq_reg_r (g s - g u)); [|lra].
    replace ((s + w * (u - s)) * (g s - g u)) with
      (s * (g s - g u) + w * (g s - g u) * (u - s)) by ring. rewrite Ew. lra. }
  intros s u g L A [[P Q]|[P Q]]; [apply W; assumption|].
  destruct (W s u _ L (affine_opp s u g A) ltac:(lra) ltac:(lra)) as (t & Ht & Z & U).
  exists t. split; [exact Ht|]. split; [lra|]. intros r Hr Zr. apply U; [exact Hr|lra].
Qed.

Lemma no_crossing_const : forall s u g, s < u -> affine_on s u g -> no_crossing (g s) (g u) ->
  forall t, s < t < u -> on (g t) = on (g s + g u).
Proof.
  intros s u g L A [(P & Q & S)|[P Q]] t Ht.
  - rewrite (on_true (g s + g u)) by lra. apply on_true.
    pose proof (affine_mix s u g t A ltac:(lra)) as M.
    destruct (Rlt_dec 0 (g t)) as [|N]; [assumption|exfalso].
    assert (0 <= (u - s) * - g t) by (apply Rmult_le_pos; lra).
    assert (0 <= (u - t) * g s) by (apply Rmult_le_pos; lra).
    assert (0 <= (t - s) * g u) by (apply Rmult_le_pos; lra).
    destruct (Rlt_dec 0 (g s)).
    + assert (0 < (u - t) * g s) by (apply Rmult_lt_0_compat; lra). lra.
    + assert (0 < (t - s) * g u) by (apply Rmult_lt_0_compat; lra). lra.
  - rewrite (on_false (g s + g u)) by lra. apply on_false.
    apply (affine_nonpos s u g); auto; lra.
Qed.

Lemma const_no_crossing : forall s u g b, s < u -> affine_on s u g ->
  (forall t, s < t < u -> on (g t) = b) -> no_crossing (g s) (g u).
Proof.
  intros s u g b L A C. unfold no_crossing.
  assert (forall t, s < t < u -> (u - s) * g t = (u - t) * g s + (t - s) * g u) as M
    by (intros t Ht; apply affine_mix; [exact A|lra]).
  pose proof (M ((s + u) / 2) ltac:(lra)) as Mm.
  replace ((u - (s + u) / 2) * g s + ((s + u) / 2 - s) * g u)
    with ((u - s) * ((g s + g u) / 2)) in Mm by field.
  apply Rmult_eq_reg_l in Mm; [|lra].
  pose proof (C ((s + u) / 2) ltac:(lra)) as Cm.
  destruct b.
  - apply on_true_inv in Cm. left.
    assert (~ ((0 < g s /\ g u < 0) \/ (g s < 0 /\ 0 < g u))) as N.
    { intros K. destruct (affine_one_zero s u g L A K) as (t & Ht & Z & _).
      pose proof (on_true_inv _ (C t Ht)). lra. }
    split; [|split]; [| |lra].
    + destruct (Rle_dec 0 (g s)); [assumption|exfalso; apply N; right; lra].
    + destruct (Rle_dec 0 (g u)); [assumption|exfalso; apply N; left; lra].
  - apply on_false_inv in Cm. right.
    split; apply Rnot_lt_le; intros K.
    + destruct (affine_one_zero s u g L A ltac:(left; lra)) as (t & Ht & Z & _).
      pose proof (on_false_inv _ (C ((s + t) / 2) ltac:(lra))) as F.
      assert (affine_on s t g) as A' by (destruct A as (c & d & H); exists c, d; intros; apply H; lra).
      pose proof (affine_mix s t g ((s + t) / 2) A' ltac:(lra)) as M'. rewrite Z in M'.
      assert (0 < (t - s) * g s) by (apply Rmult_lt_0_compat; lra).
      assert (0 <= (t - s) * - g ((s + t) / 2)) by (apply Rmult_le_pos; lra). lra.
    + destruct (affine_one_zero s u g L A ltac:(right; lra)) as (t & Ht & Z & _).
      pose proof (on_false_inv _ (C ((t + u) / 2) ltac:(lra))) as F.
      assert (affine_on t u g) as A' by (destruct A as (c & d & H); exists c, d; intros; apply H; lra).
      pose proof (affine_mix t u g ((t + u) / 2) A' ltac:(lra)) as M'. rewrite Z in M'.
      assert (0 < (u - t) * g u) by (apply Rmult_lt_0_compat; lra).
      assert (0 <= (u - t) * - g ((t + u) / 2)) by (apply Rmult_le_pos; lra). lra.
Qed.

Lemma no_crossing_relu : forall s u g, s < u -> affine_on s u g -> no_crossing (g s) (g u) ->
  affine_on s u (fun t => relu (g t)).
Proof.
  intros s u g L A [(P & Q & S)|[P Q]].
  - pose proof A as (c & d & H). exists c, d. intros t Ht.
    rewrite relu_pos; [apply H; exact Ht|].
    pose proof (affine_nonpos s u _ L (affine_opp s u g A) ltac:(lra) ltac:(lra) t Ht). lra.
  - exists 0, 0. intros t Ht. rewrite relu_neg; [ring|].
    apply (affine_nonpos s u g); auto.
Qed.

(** ** One layer *)

Lemma dot_affine : forall w cs t,
  dot w (map (fun c => fst c + snd c * t) cs) = dot w (map fst cs) + dot w (map snd cs) * t.
Proof.
  induction w as [|a w IH]; intros [|c cs] t; simpl; try ring.
  rewrite IH. ring.
Qed.

Lemma pre_affine : forall s u X r, affine_vec s u X -> affine_on s u (fun t => pre r (X t)).
Proof.
  intros s u X [w b] (cs & H).
  exists (b + dot w (map fst cs)), (dot w (map snd cs)). intros t Ht.
  unfold pre. simpl fst. simpl snd. rewrite (H t Ht), dot_affine. ring.
Qed.

Lemma affine_vec_map : forall s u (l : layer) (h : row -> R -> R),
  Forall (fun r => affine_on s u (h r)) l -> affine_vec s u (fun t => map (fun r => h r t) l).
Proof.
  intros s u l h F. induction F as [|r l (c & d & H) F (cs & IH)].
  - exists []. intros t Ht. reflexivity.
  - exists ((c, d) :: cs). intros t Ht. simpl. rewrite (H t Ht), (IH t Ht). reflexivity.
Qed.

Lemma Forall2_map_same : forall (A B : Type) (P : B -> B -> Prop) (f g : A -> B) l,
  Forall2 P (map f l) (map g l) <-> Forall (fun r => P (f r) (g r)) l.
Proof.
  intros A B P f g l. induction l as [|r l IH]; simpl; split; intros H; inversion H; subst;
    constructor; auto; apply IH; assumption.
Qed.

Lemma act_affine : forall s u X l, s < u -> affine_vec s u X ->
  Forall2 no_crossing (pres l (X s)) (pres l (X u)) -> affine_vec s u (fun t => act l (X t)).
Proof.
  intros s u X l L A Q. unfold pres in Q. rewrite Forall2_map_same in Q.
  destruct (affine_vec_map s u l (fun r t => relu (pre r (X t)))) as (cs & H).
  - eapply Forall_impl; [|exact Q]. intros r Hr. cbv beta in Hr |- *.
    apply (no_crossing_relu s u (fun t => pre r (X t))); auto. apply pre_affine; exact A.
  - exists cs. intros t Ht. rewrite <- (H t Ht). unfold act, pres. apply map_map.
Qed.

Lemma layer_no_crossing : forall s u X l, s < u -> affine_vec s u X ->
  (Forall2 no_crossing (pres l (X s)) (pres l (X u)) <->
   exists p, const_on (fun t => map on (pres l (X t))) s u p).
Proof.
  intros s u X l L A. unfold pres. rewrite Forall2_map_same. split.
  - intros Q. exists (map (fun r => on (pre r (X s) + pre r (X u))) l).
    intros t Ht. rewrite map_map. apply map_ext_in. intros r Hr.
    rewrite Forall_forall in Q. specialize (Q r Hr). cbv beta in Q.
    apply (no_crossing_const s u (fun t => pre r (X t))); auto. apply pre_affine; exact A.
  - intros (p & C). apply Forall_forall. intros r Hr.
    apply (const_no_crossing s u (fun t => pre r (X t)) (on (pre r (X ((s + u) / 2))))); auto.
    + apply pre_affine; exact A.
    + intros t Ht.
      pose proof (C t Ht) as C1. pose proof (C ((s + u) / 2) ltac:(lra)) as C2.
      rewrite <- C2 in C1. rewrite !map_map in C1.
      exact (ext_in_map C1 r Hr).
Qed.

(** ** Stacks of layers *)

Lemma app_eq_split : forall (A : Type) (x x' y y' : list A),
  length x = length x' -> x ++ y = x' ++ y' -> x = x' /\ y = y'.
Proof.
  induction x as [|a x IH]; intros [|b x'] y y' L E; simpl in *; try lia; auto.
  injection E as -> E. destruct (IH x' y y' ltac:(lia) E) as [-> ->]. auto.
Qed.

Lemma Forall2_app_split : forall (A B : Type) (P : A -> B -> Prop) x x' y y',
  length x = length x' ->
  (Forall2 P (x ++ y) (x' ++ y') <-> Forall2 P x x' /\ Forall2 P y y').
Proof.
  induction x as [|a x IH]; intros [|b x'] y y' L; simpl in *; try lia.
  - split; [intros H; split; [constructor|exact H]|intros [_ H]; exact H].
  - specialize (IH x' y y' ltac:(lia)). split.
    + intros H. inversion H; subst. apply IH in H5. destruct H5.
      split; [constructor|]; assumption.
    + intros [H K]. inversion H; subst. constructor; [assumption|]. apply IH. auto.
Qed.

Lemma pres_length : forall l x y, length (pres l x) = length (pres l y).
Proof. intros. unfold pres. rewrite !map_length. reflexivity. Qed.

Lemma bits_length : forall l x y,
  length (map on (pres l x)) = length (map on (pres l y)).
Proof. intros. rewrite !map_length. apply pres_length. Qed.

Lemma const_split : forall ls l X s u p, s < u ->
  const_on (fun t => stack_bits (l :: ls) (X t)) s u p ->
  (exists q, const_on (fun t => map on (pres l (X t))) s u q) /\
  (exists q, const_on (fun t => stack_bits ls (act l (X t))) s u q).
Proof.
  intros ls l X s u p L C.
  assert (forall t, s < t < u ->
    map on (pres l (X t)) = map on (pres l (X ((s + u) / 2))) /\
    stack_bits ls (act l (X t)) = stack_bits ls (act l (X ((s + u) / 2)))) as H.
  { intros t Ht. apply app_eq_split; [apply bits_length|].
    transitivity p; [exact (C t Ht)|symmetry; apply (C ((s + u) / 2)); lra]. }
  split; eexists; intros t Ht; apply (H t Ht).
Qed.

(** Where the bits of the layers below do not change, their output is affine in
    time, on the closed interval too. *)
Lemma run_affine : forall ls X s u p, s < u -> affine_vec s u X ->
  const_on (fun t => stack_bits ls (X t)) s u p ->
  affine_vec s u (fun t => run ls (X t)).
Proof.
  induction ls as [|l ls IH]; intros X s u p L A C; [exact A|].
  destruct (const_split ls l X s u p L C) as [H1 [q H2]].
  apply (layer_no_crossing s u X l L A) in H1.
  exact (IH (fun t => act l (X t)) s u q L (act_affine s u X l L A H1) H2).
Qed.

Lemma stack_no_crossing : forall ls X s u, s < u -> affine_vec s u X ->
  (Forall2 no_crossing (stack_pres ls (X s)) (stack_pres ls (X u)) <->
   exists p, const_on (fun t => stack_bits ls (X t)) s u p).
Proof.
  induction ls as [|l ls IH]; intros X s u L A; simpl stack_pres.
  - split; [intros _; exists []; intros t _; reflexivity|constructor].
  - rewrite Forall2_app_split by apply pres_length.
    rewrite (layer_no_crossing s u X l L A). split.
    + intros [H K]. pose proof (proj2 (layer_no_crossing s u X l L A) H) as Q.
      apply (IH (fun t => act l (X t)) s u L (act_affine s u X l L A Q)) in K.
      destruct H as [p Hp], K as [q Hq]. exists (p ++ q). intros t Ht.
      simpl. rewrite <- (Hp t Ht), <- (Hq t Ht). reflexivity.
    + intros [p C]. destruct (const_split ls l X s u p L C) as [H K].
      split; [exact H|]. pose proof (proj2 (layer_no_crossing s u X l L A) H) as Q.
      apply (IH (fun t => act l (X t)) s u L (act_affine s u X l L A Q)). exact K.
Qed.

Lemma same_bits : forall l x y, map on (pres l x) = map on (pres l y) ->
  Forall (fun r => on (pre r x) = on (pre r y)) l.
Proof.
  intros l x y H. unfold pres in H. rewrite !map_map in H.
  apply Forall_forall. intros r Hr. exact (ext_in_map H r Hr).
Qed.

Lemma same_no_crossing : forall x y, on x = on y -> no_crossing x y.
Proof.
  intros x y H. unfold no_crossing. destruct (on x) eqn:E; symmetry in H.
  - apply on_true_inv in E. apply on_true_inv in H. left. lra.
  - apply on_false_inv in E. apply on_false_inv in H. right. lra.
Qed.

Lemma same_between : forall s u g, s < u -> affine_on s u g -> on (g s) = on (g u) ->
  forall t, s <= t <= u -> on (g t) = on (g s).
Proof.
  intros s u g L A H t Ht. destruct (on (g s)) eqn:E; symmetry in H.
  - apply on_true_inv in E. apply on_true_inv in H. apply on_true.
    apply (affine_pos s u g); auto.
  - apply on_false_inv in E. apply on_false_inv in H. apply on_false.
    apply (affine_nonpos s u g); auto.
Qed.

Lemma stack_same : forall ls X s u, s < u -> affine_vec s u X ->
  stack_bits ls (X s) = stack_bits ls (X u) ->
  forall t, s <= t <= u -> stack_bits ls (X t) = stack_bits ls (X s).
Proof.
  induction ls as [|l ls IH]; intros X s u L A H t Ht; [reflexivity|].
  simpl in H |- *. apply app_eq_split in H; [|apply bits_length]. destruct H as [H K].
  pose proof (same_bits _ _ _ H) as B. rewrite Forall_forall in B.
  assert (Forall2 no_crossing (pres l (X s)) (pres l (X u))) as Q.
  { apply Forall2_map_same. apply Forall_forall. intros r Hr. apply same_no_crossing. auto. }
  f_equal.
  - unfold pres. rewrite !map_map. apply map_ext_in. intros r Hr.
    apply (same_between s u (fun t => pre r (X t))); auto. apply pre_affine; exact A.
  - exact (IH (fun t => act l (X t)) s u L (act_affine s u X l L A Q) K t Ht).
Qed.

Lemma settled_no_crossing : forall x y, settled x y -> no_crossing x y.
Proof. intros x y. unfold settled, no_crossing. intros [H|[H|H]]; [left|right|right]; lra. Qed.

Lemma Forall2_weaken : forall (A B : Type) (P Q : A -> B -> Prop) xs ys,
  (forall x y, P x y -> Q x y) -> Forall2 P xs ys -> Forall2 Q xs ys.
Proof. intros A B P Q xs ys H K. induction K; constructor; auto. Qed.

Lemma stack_settled : forall ls X s u, s < u -> affine_vec s u X ->
  Forall2 settled (stack_pres ls (X s)) (stack_pres ls (X u)) ->
  forall t, s <= t <= u -> Forall2 settled (stack_pres ls (X s)) (stack_pres ls (X t)).
Proof.
  induction ls as [|l ls IH]; intros X s u L A H t Ht; [constructor|].
  simpl in H |- *. apply Forall2_app_split in H; [|apply pres_length]. destruct H as [H K].
  apply Forall2_app_split; [apply pres_length|].
  assert (Forall2 no_crossing (pres l (X s)) (pres l (X u))) as Q.
  { eapply Forall2_weaken; [|exact H]. apply settled_no_crossing. }
  split.
  - unfold pres in H |- *. apply Forall2_map_same in H. apply Forall2_map_same.
    eapply Forall_impl; [|exact H]. intros r Hr. cbv beta in Hr |- *.
    pose proof (pre_affine s u X r A) as Ar. unfold settled.
    destruct Hr as [[P R]|[[P R]|[P R]]].
    + left. split; [exact P|]. exact (affine_pos s u _ L Ar P R t Ht).
    + right; left. split; [exact P|]. exact (affine_neg s u _ L Ar P R t Ht).
    + right; right. split; [exact P|]. exact (affine_zero s u _ L Ar P R t Ht).
  - exact (IH (fun t => act l (X t)) s u L (act_affine s u X l L A Q) K t Ht).
Qed.

Lemma stack_bits_pres : forall ls x, stack_bits ls x = map on (stack_pres ls x).
Proof.
  induction ls as [|l ls IH]; intros x; [reflexivity|].
  simpl. rewrite map_app, IH. reflexivity.
Qed.

(** ** Segments through a network *)

Lemma seg_affine : forall a b s u, affine_vec s u (seg a b).
Proof.
  induction a as [|x a IH]; intros b s u; [exists []; intros t _; reflexivity|].
  destruct b as [|y b]; [exists []; intros t _; reflexivity|].
  destruct (IH b s u) as (cs & H). exists ((x, y - x) :: cs). intros t Ht. simpl.
  rewrite (H t Ht). f_equal. ring.
Qed.

(** If the bits of the layers below are constant on the open interval, every
    pre-activation of the next layer is one affine function on the closed one. *)
Theorem next_layer_affine : forall below a b s u p r, s < u ->
  const_on (fun t => stack_bits below (seg a b t)) s u p ->
  affine_on s u (fun t => pre r (run below (seg a b t))).
Proof.
  intros below a b s u p r L C. apply pre_affine.
  apply (run_affine below (seg a b) s u p L (seg_affine a b s u) C).
Qed.

(** If moreover a unit of the next layer has opposite strict signs at the ends, it
    has exactly one zero, inside. *)
Theorem next_layer_one_zero : forall below a b s u p r, s < u ->
  const_on (fun t => stack_bits below (seg a b t)) s u p ->
  let g := fun t => pre r (run below (seg a b t)) in
  (0 < g s /\ g u < 0) \/ (g s < 0 /\ 0 < g u) ->
  exists t, s < t < u /\ g t = 0 /\ forall t', s <= t' <= u -> g t' = 0 -> t' = t.
Proof.
  intros below a b s u p r L C g H. apply affine_one_zero; [exact L| |exact H].
  apply (next_layer_affine below a b s u p r L C).
Qed.

(** Nothing is missed and nothing invented: the pattern is constant on the open
    interval exactly when the end values of every hidden unit allow no crossing. *)
Theorem trace_complete : forall net a b s u, s < u ->
  (Forall2 no_crossing (stack_pres (hidden net) (seg a b s)) (stack_pres (hidden net) (seg a b u)) <->
   exists p, const_on (fun t => pattern_at net (seg a b t)) s u p).
Proof. intros net a b s u L. apply stack_no_crossing; [exact L|apply seg_affine]. Qed.

(** If every hidden unit has equal strict signs (or zero) at both ends, it has
    that sign everywhere between, in every layer. *)
Theorem signs_kept : forall net a b s u, s < u ->
  Forall2 settled (stack_pres (hidden net) (seg a b s)) (stack_pres (hidden net) (seg a b u)) ->
  forall t, s <= t <= u ->
  Forall2 settled (stack_pres (hidden net) (seg a b s)) (stack_pres (hidden net) (seg a b t)).
Proof. intros net a b s u L H. apply (stack_settled _ _ s u L (seg_affine a b s u) H). Qed.

(** Then the pattern is constant on the closed interval. *)
Theorem signs_pattern : forall net a b s u, s < u ->
  Forall2 settled (stack_pres (hidden net) (seg a b s)) (stack_pres (hidden net) (seg a b u)) ->
  forall t, s <= t <= u -> pattern_at net (seg a b t) = pattern_at net (seg a b s).
Proof.
  intros net a b s u L H t Ht. unfold pattern_at. rewrite !stack_bits_pres.
  pose proof (signs_kept net a b s u L H t Ht) as K. clear H.
  induction K as [|x y xs ys S K IH]; [reflexivity|]. simpl. f_equal; [|exact IH].
  destruct S as [[P Q]|[[P Q]|[P Q]]].
  - rewrite !on_true by lra. reflexivity.
  - rewrite !on_false by lra. reflexivity.
  - rewrite !on_false by lra. reflexivity.
Qed.

(** Two points of one region: the whole segment between them lies in it. *)
Theorem same_pattern_between : forall net a b s u, s < u ->
  pattern_at net (seg a b s) = pattern_at net (seg a b u) ->
  forall t, s <= t <= u -> pattern_at net (seg a b t) = pattern_at net (seg a b s).
Proof. intros net a b s u L H. apply (stack_same _ _ s u L (seg_affine a b s u) H). Qed.

(** ** The trace from a list of times *)

(** Successive intervals from [s] through the times [ts], each with a property. *)
Fixpoint chain (P : R -> R -> Prop) (s : R) (ts : list R) : Prop :=
  match ts with
  | [] => True
  | t :: ts' => s < t /\ P s t /\ chain P t ts'
  end.

(** The patterns at the midpoints of successive intervals, equal neighbours
    written once. *)
Fixpoint midpoints (f : R -> pattern) (s : R) (ts : list R) : path :=
  match ts with
  | [] => []
  | t :: ts' => push (f ((s + t) / 2)) (midpoints f t ts')
  end.

Lemma midpoints_cutn : forall net a b ts, ts <> [] -> last ts 0 = 1 ->
  chain (fun s u => Forall2 no_crossing (stack_pres (hidden net) (seg a b s))
                                  (stack_pres (hidden net) (seg a b u))) 0 ts ->
  cutn (fun t => pattern_at net (seg a b t)) (length ts) 0 1
    (midpoints (fun t => pattern_at net (seg a b t)) 0 ts).
Proof.
  intros net a b ts N E C.
  set (f := fun t => pattern_at net (seg a b t)).
  assert (forall s, last ts s = 1) as E'.
  { intros s. rewrite <- E. clear -N. induction ts as [|t ts IH]; [easy|].
    destruct ts; [reflexivity|]. apply IH. discriminate. }
  clear E. generalize dependent 0. intros s. revert s.
  induction ts as [|t ts IH]; intros s C; [easy|].
  destruct C as (L & Q & C).
  apply (trace_complete net a b s t L) in Q. destruct Q as [p Hp].
  assert (const_on f s t (f ((s + t) / 2))) as K.
  { intros r Hr. unfold f. rewrite (Hp r Hr), (Hp ((s + t) / 2)) by lra. reflexivity. }
  destruct ts as [|t' ts].
  - specialize (E' 0). simpl in E'. subst t. simpl. constructor; assumption.
  - change (midpoints f s (t :: t' :: ts)) with (push (f ((s + t) / 2)) (midpoints f t (t' :: ts))).
    econstructor; [exact L|exact K|]. apply IH; [discriminate| |exact C].
    intros r. exact (E' r).
Qed.

(** If the end values of all hidden units allow no crossing on each interval of a list of
    times, the patterns at the midpoints are the trace of the segment. *)
Theorem midpoints_trace : forall net a b ts, ts <> [] -> last ts 0 = 1 ->
  chain (fun s u => Forall2 no_crossing (stack_pres (hidden net) (seg a b s))
                                  (stack_pres (hidden net) (seg a b u))) 0 ts ->
  traces net a b (midpoints (fun t => pattern_at net (seg a b t)) 0 ts).
Proof. intros net a b ts N E C. eapply cutn_cut. apply midpoints_cutn; assumption. Qed.

(** They are the strict trace if no two neighbours among them are equal. *)
Theorem midpoints_strict : forall net a b ts, ts <> [] -> last ts 0 = 1 ->
  chain (fun s u => Forall2 no_crossing (stack_pres (hidden net) (seg a b s))
                                  (stack_pres (hidden net) (seg a b u))) 0 ts ->
  length (midpoints (fun t => pattern_at net (seg a b t)) 0 ts) = length ts ->
  traces_strict net a b (midpoints (fun t => pattern_at net (seg a b t)) 0 ts).
Proof. intros net a b ts N E C. apply cutn_strict. apply midpoints_cutn; assumption. Qed.

(** ** Every segment has a trace *)

(** An interval cut into finitely many, each with a property. *)
Inductive splits (P : R -> R -> Prop) : R -> R -> Prop :=
| splits_one : forall s u, s < u -> P s u -> splits P s u
| splits_two : forall s m u, splits P s m -> splits P m u -> splits P s u.

Lemma splits_bind : forall (P Q : R -> R -> Prop) s u, splits P s u ->
  (forall s' u', s' < u' -> P s' u' -> splits Q s' u') -> splits Q s u.
Proof.
  intros P Q s u H K. induction H; [apply K; assumption|].
  eapply splits_two; eassumption.
Qed.

Lemma affine_sub : forall X s u s' u', s <= s' -> u' <= u ->
  affine_vec s u X -> affine_vec s' u' X.
Proof. intros X s u s' u' H K (cs & A). exists cs. intros t Ht. apply A. lra. Qed.

(** One unit changes its bit at most once. *)
Lemma unit_splits : forall s u g, s < u -> affine_on s u g ->
  splits (fun s' u' => (s <= s' /\ u' <= u) /\ no_crossing (g s') (g u')) s u.
Proof.
  intros s u g L A.
  assert (no_crossing (g s) (g u) \/ (0 < g s /\ g u < 0) \/ (g s < 0 /\ 0 < g u)) as [Q|Q].
  { unfold no_crossing. destruct (Rtotal_order (g s) 0) as [|[|]];
      destruct (Rtotal_order (g u) 0) as [|[|]];
      solve [right; left; lra|right; right; lra|left; left; lra|left; right; lra]. }
  - apply splits_one; [exact L|]. split; [lra|exact Q].
  - destruct (affine_one_zero s u g L A Q) as (t & Ht & Z & _).
    apply splits_two with t; (apply splits_one; [lra|]); split; try lra;
      rewrite Z; unfold no_crossing; destruct Q as [Q|Q];
      solve [left; lra|right; lra].
Qed.

Lemma layer_splits : forall l X s u, s < u -> affine_vec s u X ->
  splits (fun s' u' => (s <= s' /\ u' <= u) /\
    exists p, const_on (fun t => map on (pres l (X t))) s' u' p) s u.
Proof.
  induction l as [|r l IH]; intros X s u L A.
  - apply splits_one; [exact L|]. split; [lra|]. exists []. intros t _. reflexivity.
  - eapply splits_bind; [exact (IH X s u L A)|].
    intros s' u' L' [B [p C]].
    pose proof (affine_sub X s u s' u' ltac:(lra) ltac:(lra) A) as A'.
    eapply splits_bind; [exact (unit_splits s' u' _ L' (pre_affine s' u' X r A'))|].
    intros s2 u2 L2 [B2 Q]. apply splits_one; [exact L2|]. split; [lra|].
    exists (on (pre r (X s2) + pre r (X u2)) :: p). intros t Ht. simpl.
    pose proof (affine_sub X s u s2 u2 ltac:(lra) ltac:(lra) A) as A2.
    rewrite (no_crossing_const s2 u2 _ L2 (pre_affine s2 u2 X r A2) Q t Ht).
    f_equal. apply (C t). lra.
Qed.

Lemma stack_splits : forall ls X s u, s < u -> affine_vec s u X ->
  splits (fun s' u' => exists p, const_on (fun t => stack_bits ls (X t)) s' u' p) s u.
Proof.
  induction ls as [|l ls IH]; intros X s u L A.
  - apply splits_one; [exact L|]. exists []. intros t _. reflexivity.
  - eapply splits_bind; [exact (layer_splits l X s u L A)|].
    intros s1 u1 L1 [B1 [p C]].
    pose proof (affine_sub X s u s1 u1 ltac:(lra) ltac:(lra) A) as A1.
    pose proof (proj2 (layer_no_crossing s1 u1 X l L1 A1) (ex_intro _ p C)) as Q.
    pose proof (act_affine s1 u1 X l L1 A1 Q) as A2.
    assert (splits (fun s' u' => (s1 <= s' /\ u' <= u1) /\
      exists q, const_on (fun t => stack_bits ls (act l (X t))) s' u' q) s1 u1) as S.
    { clear Q. pose proof (IH (fun t => act l (X t)) s1 u1 L1 A2) as S.
      assert (forall a b, splits (fun s' u' =>
        exists q, const_on (fun t => stack_bits ls (act l (X t))) s' u' q) a b ->
        a < b /\ splits (fun s' u' => (a <= s' /\ u' <= b) /\
          exists q, const_on (fun t => stack_bits ls (act l (X t))) s' u' q) a b) as W.
      { intros a b H. induction H as [a b Lab H|a m b _ [Lm H] _ [Lb K]].
        - split; [exact Lab|]. apply splits_one; [exact Lab|]. split; [lra|exact H].
        - split; [lra|]. apply splits_two with m.
          + eapply splits_bind; [exact H|]. intros a' b' L' [B' K'].
            apply splits_one; [exact L'|]. split; [lra|exact K'].
          + eapply splits_bind; [exact K|]. intros a' b' L' [B' K'].
            apply splits_one; [exact L'|]. split; [lra|exact K']. }
      apply W. exact S. }
    eapply splits_bind; [exact S|]. intros s2 u2 L2 [B2 [q D]].
    apply splits_one; [exact L2|]. exists (p ++ q). intros t Ht. simpl.
    rewrite (C t) by lra. rewrite (D t Ht). reflexivity.
Qed.

Lemma cut_app : forall f s m ps, cut f s m ps -> forall u qs, cut f m u qs ->
  exists rs, cut f s u rs.
Proof.
  intros f s m ps H. induction H as [s u p L C|s t u p ps L C H IH]; intros v qs K.
  - exists (push p qs). econstructor; eassumption.
  - destruct (IH v qs K) as [rs Hr]. exists (push p rs). econstructor; eassumption.
Qed.

Lemma splits_cut : forall f s u,
  splits (fun s' u' => exists p, const_on f s' u' p) s u -> exists ps, cut f s u ps.
Proof.
  intros f s u H. induction H as [s u L [p C]|s m u _ [ps H] _ [qs K]].
  - exists [p]. constructor; assumption.
  - exact (cut_app f s m ps H u qs K).
Qed.

(** A segment has a trace, and by [traces_unique] only one. *)
Theorem traces_exist : forall net a b, exists ps, traces net a b ps.
Proof.
  intros net a b. apply splits_cut. unfold pattern_at.
  apply stack_splits; [lra|apply seg_affine].
Qed.

(** ** Rational networks: the trace by calculation *)

(** The same notions over the rationals, where they can be calculated. *)
Definition qrow : Type := (list Q * Q)%type.

Fixpoint qdot (w x : list Q) : Q :=
  match w, x with
  | a :: w', b :: x' => (a * b + qdot w' x')%Q
  | _, _ => 0%Q
  end.

Definition qpre (r : qrow) (x : list Q) : Q := Qred (snd r + qdot (fst r) x).
Definition qrelu (z : Q) : Q := if Qle_bool z 0 then 0%Q else z.
Definition qon (z : Q) : bool := negb (Qle_bool z 0).

Fixpoint qstack_pres (ls : list (list qrow)) (x : list Q) : list Q :=
  match ls with
  | [] => []
  | l :: ls' =>
      let ps := map (fun r => qpre r x) l in ps ++ qstack_pres ls' (map qrelu ps)
  end.

Fixpoint qseg (a b : list Q) (t : Q) : list Q :=
  match a, b with
  | x :: a', y :: b' => ((1 - t) * x + t * y)%Q :: qseg a' b' t
  | _, _ => []
  end.

Definition q_no_crossing (x y : Q) : bool :=
  (Qle_bool 0 x && Qle_bool 0 y && negb (Qle_bool (x + y) 0))
  || (Qle_bool x 0 && Qle_bool y 0).

Fixpoint all2 (f : Q -> Q -> bool) (xs ys : list Q) : bool :=
  match xs, ys with
  | [], [] => true
  | x :: xs', y :: ys' => f x y && all2 f xs' ys'
  | _, _ => false
  end.

(** The times increase and the end values allow no crossing on each interval. *)
Fixpoint qchain (ls : list (list qrow)) (a b : list Q) (s : Q) (ts : list Q) : bool :=
  match ts with
  | [] => true
  | t :: ts' =>
      negb (Qle_bool t s)
      && all2 q_no_crossing (qstack_pres ls (qseg a b s)) (qstack_pres ls (qseg a b t))
      && qchain ls a b t ts'
  end.

(** The patterns at the midpoints. *)
Fixpoint qmidpoints (ls : list (list qrow)) (a b : list Q) (s : Q) (ts : list Q) : path :=
  match ts with
  | [] => []
  | t :: ts' =>
      push (map qon (qstack_pres ls (qseg a b ((s + t) / 2)))) (qmidpoints ls a b t ts')
  end.

(** A rational network read over the reals. *)
Definition real_row (r : qrow) : row := (map Q2R (fst r), Q2R (snd r)).
Definition real_net (net : list (list qrow)) : network := map (map real_row) net.

Lemma Q2R_zero : Q2R 0 = 0.
Proof. unfold Q2R. simpl. field. Qed.

Lemma Q2R_one : Q2R 1 = 1.
Proof. unfold Q2R. simpl. field. Qed.

Lemma Q2R_two : Q2R 2 = 2.
Proof. unfold Q2R. simpl. field. Qed.

Lemma Qle_bool_Q2R : forall x y, if Qle_bool x y then Q2R x <= Q2R y else Q2R y < Q2R x.
Proof.
  intros x y. destruct (Qle_bool x y) eqn:E.
  - apply Qle_Rle. apply Qle_bool_iff. exact E.
  - apply Qlt_Rlt. apply Qnot_le_lt. intros H. apply Qle_bool_iff in H. congruence.
Qed.

Lemma qdot_real : forall w x, Q2R (qdot w x) = dot (map Q2R w) (map Q2R x).
Proof.
  induction w as [|a w IH]; intros [|b x]; simpl; try apply Q2R_zero.
  rewrite Q2R_plus, Q2R_mult, IH. reflexivity.
Qed.

Lemma qpre_real : forall r x, Q2R (qpre r x) = pre (real_row r) (map Q2R x).
Proof.
  intros r x. unfold qpre, pre, real_row. rewrite (Qeq_eqR _ _ (Qred_correct _)).
  rewrite Q2R_plus, qdot_real. reflexivity.
Qed.

Lemma qrelu_real : forall z, Q2R (qrelu z) = relu (Q2R z).
Proof.
  intros z. unfold qrelu. pose proof (Qle_bool_Q2R z 0) as H.
  destruct (Qle_bool z 0); rewrite Q2R_zero in *;
    [rewrite relu_neg|rewrite relu_pos]; lra.
Qed.

Lemma qon_real : forall z, qon z = on (Q2R z).
Proof.
  intros z. unfold qon. pose proof (Qle_bool_Q2R z 0) as H. rewrite Q2R_zero in H.
  destruct (Qle_bool z 0); simpl; symmetry; [apply on_false|apply on_true]; lra.
Qed.

Lemma qstack_pres_real : forall ls x,
  map Q2R (qstack_pres ls x) = stack_pres (real_net ls) (map Q2R x).
Proof.
  induction ls as [|l ls IH]; intros x; [reflexivity|].
  simpl. rewrite map_app, IH. unfold act, pres. rewrite !map_map.
  f_equal; [apply map_ext; intros r; apply qpre_real|].
  unfold real_net. f_equal. apply map_ext. intros r.
  rewrite qrelu_real, qpre_real. reflexivity.
Qed.

Lemma qseg_real : forall a b t, map Q2R (qseg a b t) = seg (map Q2R a) (map Q2R b) (Q2R t).
Proof.
  induction a as [|x a IH]; intros [|y b] t; simpl; try reflexivity.
  rewrite IH, Q2R_plus, !Q2R_mult, Q2R_minus, Q2R_one. reflexivity.
Qed.

Lemma q_no_crossing_real : forall x y, q_no_crossing x y = true -> no_crossing (Q2R x) (Q2R y).
Proof.
  intros x y. unfold q_no_crossing, no_crossing.
  pose proof (Qle_bool_Q2R 0 x). pose proof (Qle_bool_Q2R 0 y).
  pose proof (Qle_bool_Q2R x 0). pose proof (Qle_bool_Q2R y 0).
  pose proof (Qle_bool_Q2R (x + y) 0). rewrite Q2R_plus, Q2R_zero in *.
  destruct (Qle_bool 0 x), (Qle_bool 0 y), (Qle_bool x 0), (Qle_bool y 0),
    (Qle_bool (x + y) 0); simpl; intros E; try discriminate E;
    (left; lra) || (right; lra).
Qed.

Lemma all2_no_crossing : forall xs ys, all2 q_no_crossing xs ys = true ->
  Forall2 no_crossing (map Q2R xs) (map Q2R ys).
Proof.
  induction xs as [|x xs IH]; intros [|y ys] E; simpl in *; try discriminate E;
    constructor; apply andb_true_iff in E; destruct E as [E F].
  - apply q_no_crossing_real. exact E.
  - apply IH. exact F.
Qed.

Lemma hidden_real : forall net, hidden (real_net net) = real_net (removelast net).
Proof.
  unfold hidden, real_net. induction net as [|l net IH]; [reflexivity|].
  destruct net as [|l' net]; [reflexivity|].
  change (map (map real_row) (l :: l' :: net))
    with (map real_row l :: map real_row l' :: map (map real_row) net).
  change (removelast (l :: l' :: net)) with (l :: removelast (l' :: net)).
  change (map (map real_row) (l :: removelast (l' :: net)))
    with (map real_row l :: map (map real_row) (removelast (l' :: net))).
  rewrite <- IH. reflexivity.
Qed.

Lemma qchain_real : forall net a b ts s, qchain (removelast net) a b s ts = true ->
  chain (fun s u =>
    Forall2 no_crossing (stack_pres (hidden (real_net net)) (seg (map Q2R a) (map Q2R b) s))
                  (stack_pres (hidden (real_net net)) (seg (map Q2R a) (map Q2R b) u)))
    (Q2R s) (map Q2R ts).
Proof.
  intros net a b. induction ts as [|t ts IH]; intros s E; [exact I|].
  cbn [qchain] in E. apply andb_true_iff in E. destruct E as [E F].
  apply andb_true_iff in E. destruct E as [E G]. simpl. split; [|split].
  - pose proof (Qle_bool_Q2R t s) as H. destruct (Qle_bool t s); [discriminate E|exact H].
  - apply all2_no_crossing in G. rewrite !qstack_pres_real, !qseg_real in G.
    rewrite hidden_real. exact G.
  - apply IH. exact F.
Qed.

Lemma qmidpoints_real : forall net a b ts s,
  qmidpoints (removelast net) a b s ts =
  midpoints (fun t => pattern_at (real_net net) (seg (map Q2R a) (map Q2R b) t))
    (Q2R s) (map Q2R ts).
Proof.
  intros net a b. induction ts as [|t ts IH]; intros s; [reflexivity|].
  cbn [qmidpoints map midpoints]. rewrite IH. f_equal.
  unfold pattern_at. rewrite stack_bits_pres, hidden_real.
  replace ((Q2R s + Q2R t) / 2) with (Q2R ((s + t) / 2)).
  - rewrite <- qseg_real, <- qstack_pres_real, map_map.
    apply map_ext. intros z. apply qon_real.
  - unfold Qdiv, Rdiv. rewrite Q2R_mult, Q2R_plus, Q2R_inv, Q2R_two; [reflexivity|].
    intros H. discriminate H.
Qed.

Lemma rational_cutn : forall net a b ts, ts <> [] -> (last ts 0 = 1)%Q ->
  qchain (removelast net) a b 0 ts = true ->
  cutn (fun t => pattern_at (real_net net) (seg (map Q2R a) (map Q2R b) t))
    (length ts) 0 1 (qmidpoints (removelast net) a b 0 ts).
Proof.
  intros net a b ts N E C. rewrite qmidpoints_real, Q2R_zero.
  apply qchain_real in C. rewrite Q2R_zero in C. rewrite <- (map_length Q2R ts). apply midpoints_cutn.
  - destruct ts; [easy|discriminate].
  - rewrite <- Q2R_one, <- E. clear -N.
    induction ts as [|t ts IH]; [easy|]. destruct ts as [|t' ts]; [reflexivity|].
    apply IH. discriminate.
  - exact C.
Qed.

(** A list of rational times that passes the rational check gives the trace of
    the real network. *)
Theorem rational_trace : forall net a b ts, ts <> [] -> (last ts 0 = 1)%Q ->
  qchain (removelast net) a b 0 ts = true ->
  traces (real_net net) (map Q2R a) (map Q2R b) (qmidpoints (removelast net) a b 0 ts).
Proof. intros net a b ts N E C. eapply cutn_cut. apply rational_cutn; assumption. Qed.

(** It gives the strict trace if no two neighbours are equal. *)
Theorem rational_strict : forall net a b ts, ts <> [] -> (last ts 0 = 1)%Q ->
  qchain (removelast net) a b 0 ts = true ->
  length (qmidpoints (removelast net) a b 0 ts) = length ts ->
  traces_strict (real_net net) (map Q2R a) (map Q2R b)
    (qmidpoints (removelast net) a b 0 ts).
Proof. intros net a b ts N E C. apply cutn_strict. apply rational_cutn; assumption. Qed.
