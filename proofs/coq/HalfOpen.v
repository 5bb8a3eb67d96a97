(** Half-open regions: the union of the cells themselves, without closure.

    Hamming-convexity among all realised patterns always makes the half-open
    region convex. The converse holds when every realised pattern has
    interior; HalfOpenExamples.v shows that it fails otherwise. *)

From Coq Require Import Reals Lra Lia List Bool Arith.
From Plica Require Import Affine HammingInterval Cells Crossing.
Import ListNotations.
Open Scope R_scope.

Section HalfOpen.

Variable d : nat.
Variable fs : list form.

(** Hamming-convexity among the realised patterns makes the half-open region
    convex, with no assumption on the forms or on [B]. *)
Theorem halfopen_convex_of_hconvex : forall B,
  hconvex (realised d fs) B -> convex (cells d fs B).
Proof.
  intros B H x y t Hx Hy Ht. unfold cells in *.
  apply (H _ _ _ Hx Hy).
  - exists (comb t x y). reflexivity.
  - apply pattern_between. exact Ht.
Qed.

(** A convex half-open region has the pulling property. *)
Lemma halfopen_pulls : forall B, convex (cells d fs B) -> pulls d fs B.
Proof.
  intros B C p q r P Q t Hp Hq SP SQ Ht SX.
  rewrite <- (strict_pattern d fs r _ SX). apply C; [| |exact Ht]; unfold cells.
  - rewrite (strict_pattern d fs p P SP). exact Hp.
  - rewrite (strict_pattern d fs q Q SQ). exact Hq.
Qed.

(** Main theorem, half-open version: when every realised pattern has interior,
    the half-open region of [B] is convex if and only if [B] is Hamming-convex
    among the realised patterns. *)
Theorem halfopen_convex_iff : (forall p, realised d fs p -> fulldim d fs p) ->
  forall B, (forall p, In p B -> realised d fs p) ->
  (convex (cells d fs B) <-> hconvex (realised d fs) B).
Proof.
  intros F B RB. split.
  - intros C p q r Hp Hq Rr Hb.
    apply (pulls_common d fs B r).
    + intros b Hb'. apply F. apply RB. exact Hb'.
    + apply halfopen_pulls. exact C.
    + exists p. exact Hp.
    + apply F. exact Rr.
    + apply between_keeps_common with p q; assumption.
  - apply halfopen_convex_of_hconvex.
Qed.

(** Without that assumption, a convex half-open region of full-dimensional
    patterns is still Hamming-convex among the full-dimensional patterns. *)
Theorem halfopen_convex_fulldim : forall B, (forall p, In p B -> fulldim d fs p) ->
  convex (cells d fs B) -> hconvex (fulldim d fs) B.
Proof.
  intros B FB C p q r Hp Hq Fr Hb.
  apply (pulls_common d fs B r FB (halfopen_pulls B C)); [exists p; exact Hp|exact Fr|].
  apply between_keeps_common with p q; assumption.
Qed.

End HalfOpen.
