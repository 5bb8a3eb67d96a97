(** Closed regions: convex exactly when Hamming-convex.

    For any finite family of affine forms (repeated, opposite, constant and
    zero ones included) and any set [B] of full-dimensional patterns, the
    closure of the union of the cells of [B] is convex if and only if [B] is
    Hamming-convex among the full-dimensional patterns. *)

From Coq Require Import Reals Lra Lia List Bool Arith.
From Plica Require Import Measure Affine HammingInterval Cells Crossing.
Import ListNotations.
Open Scope R_scope.

Section Convexity.

Variable d : nat.
Variable fs : list form.

(** The translation that carries [x] to [x'] moves every point as little as it
    moves [x]. *)
Lemma near_shift : forall e x x', near d e x x' ->
  forall y, near d e y (shift y (fun i => x' i - x i)).
Proof.
  intros e x x' N y i Hi. unfold shift.
  replace (y i + (x' i - x i) - y i) with (x' i - x i) by ring. apply N. exact Hi.
Qed.

(** Hamming-convexity makes the closed region convex. *)
Theorem closed_convex_of_hconvex : forall B,
  (forall p, In p B -> fulldim d fs p) ->
  hconvex (fulldim d fs) B -> convex (region d fs B).
Proof.
  intros B FB HB P Q t RP RQ Ht eps He.
  destruct (proj1 (region_iff_weak d fs B P FB) RP) as [p [Hp WP]].
  destruct (proj1 (region_iff_weak d fs B Q FB) RQ) as [q [Hq WQ]].
  destruct (proj1 (fulldim_iff_strict d fs p) (FB p Hp)) as [cp Cp].
  destruct (proj1 (fulldim_iff_strict d fs q) (FB q Hq)) as [cq Cq].
  (* move both ends into the interiors of their cells *)
  destruct (comb_near d P cp (eps / 2)) as [s1 [Hs1 N1]]; [lra|].
  destruct (comb_near d Q cq (eps / 2)) as [s2 [Hs2 N2]]; [lra|].
  set (P1 := comb s1 P cp). set (Q1 := comb s2 Q cq).
  assert (strict d fs p P1) as SP by (apply strict_toward; [exact WP|exact Cp|lra]).
  assert (strict d fs q Q1) as SQ by (apply strict_toward; [exact WQ|exact Cq|lra]).
  destruct (strict_open d fs p P1 SP) as [e1 [He1 O1]].
  destruct (strict_open d fs q Q1 SQ) as [e2 [He2 O2]].
  (* then translate the segment so that its point avoids all zero sets *)
  set (X1 := comb t P1 Q1).
  set (e := Rmin (eps / 2) (Rmin e1 e2)).
  assert (0 < e /\ e <= eps / 2 /\ e <= e1 /\ e <= e2) as [E0 [E1 [E2 E3]]].
  { unfold e. pose proof (Rmin_l (eps / 2) (Rmin e1 e2)).
    pose proof (Rmin_r (eps / 2) (Rmin e1 e2)).
    pose proof (Rmin_l e1 e2). pose proof (Rmin_r e1 e2).
    split; [|split; [|split]]; try lra.
    apply Rmin_glb_lt; [lra|apply Rmin_glb_lt; lra]. }
  destruct (perturb d fs X1 e E0) as [X2 [N G]].
  exists X2. split.
  - apply near_trans with (e1 := eps / 2) (e2 := e) (y := X1); [|exact N|lra].
    apply near_comb; [exact Ht|apply N1; lra|apply N2; lra].
  - unfold cells.
    set (v := fun i => X2 i - X1 i).
    assert (pattern d fs (shift P1 v) = p) as EP.
    { apply strict_pattern. apply O1. apply near_mono with e; [|lra].
      apply near_shift. exact N. }
    assert (pattern d fs (shift Q1 v) = q) as EQ.
    { apply strict_pattern. apply O2. apply near_mono with e; [|lra].
      apply near_shift. exact N. }
    apply (HB p q); [exact Hp|exact Hq| |].
    + apply fulldim_iff_strict. exists X2. apply generic_strict. exact G.
    + rewrite <- EP, <- EQ.
      rewrite (pattern_ext d fs X2 (comb t (shift P1 v) (shift Q1 v))).
      * apply pattern_between. exact Ht.
      * intros i _. unfold v, X1, comb, shift. ring.
Qed.

(** A convex closed region has the pulling property. *)
Lemma closed_pulls : forall B, (forall p, In p B -> fulldim d fs p) ->
  convex (region d fs B) -> pulls d fs B.
Proof.
  intros B FB C p q r P Q t Hp Hq SP SQ Ht SX.
  assert (region d fs B (comb t P Q)) as RX.
  { apply C; [| |exact Ht]; apply region_iff_weak; try exact FB.
    - exists p. split; [exact Hp|]. apply strict_weak. exact SP.
    - exists q. split; [exact Hq|]. apply strict_weak. exact SQ. }
  apply (proj1 (region_iff_weak d fs B _ FB)) in RX. destruct RX as [b [Hb WX]].
  destruct (proj1 (fulldim_iff_strict d fs b) (FB b Hb)) as [c Hc].
  rewrite <- (strict_in_weak d fs b r c (comb t P Q) Hc SX WX). exact Hb.
Qed.

(** Main theorem, closed version: the closed region of [B] is convex if and
    only if [B] is Hamming-convex among the full-dimensional patterns. *)
Theorem closed_convex_iff : forall B, (forall p, In p B -> fulldim d fs p) ->
  (convex (region d fs B) <-> hconvex (fulldim d fs) B).
Proof.
  intros B FB. split.
  - intros C p q r Hp Hq Fr Hb.
    apply (pulls_common d fs B r FB (closed_pulls B FB C)); [exists p; exact Hp|exact Fr|].
    apply between_keeps_common with p q; assumption.
  - apply closed_convex_of_hconvex. exact FB.
Qed.

(** A convex closed region is cut out by bits alone: a non-empty [B] is then the
    set of all full-dimensional patterns that keep the bits common to [B]. *)
Theorem closed_convex_iff_common : forall B, (forall p, In p B -> fulldim d fs p) ->
  (exists p, In p B) ->
  (convex (region d fs B) <->
   forall r, fulldim d fs r -> keeps_common B r -> In r B).
Proof.
  intros B FB NB. split.
  - intros C r Fr K.
    exact (pulls_common d fs B r FB (closed_pulls B FB C) NB Fr K).
  - intros H. apply closed_convex_of_hconvex; [exact FB|].
    intros p q r Hp Hq Fr Hb. apply H; [exact Fr|].
    apply between_keeps_common with p q; assumption.
Qed.

(** The same theorem with the Hamming interval written with distances. *)
Theorem closed_convex_iff_dist : forall B, (forall p, In p B -> fulldim d fs p) ->
  (convex (region d fs B) <->
   forall p q r, In p B -> In q B -> fulldim d fs r ->
     (hamming p r + hamming r q = hamming p q)%nat -> In r B).
Proof.
  intros B FB. rewrite (closed_convex_iff B FB).
  assert (forall p, fulldim d fs p -> length p = length fs) as L.
  { intros p F. apply fulldim_iff_strict in F. destruct F as [c [L _]]. exact L. }
  assert (forall p q r, In p B -> In q B -> fulldim d fs r ->
    ((hamming p r + hamming r q = hamming p q)%nat <-> between p q r)) as I.
  { intros p q r Hp Hq Fr. apply interval_iff.
    - rewrite (L p), (L r); auto.
    - rewrite (L q), (L r); auto. }
  split; intros H p q r Hp Hq Fr Hb; apply (H p q r Hp Hq Fr); apply I; assumption.
Qed.

End Convexity.
