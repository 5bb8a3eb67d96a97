(** One family of affine forms along a segment: no bit ever turns back.

    The patterns met in order along a segment form a Hamming geodesic: the sum
    of the consecutive distances is the distance between the ends, and so is
    the largest distance to the start. *)

From Coq Require Import QArith Reals Lra Lia List Bool Arith Sorted.
From Plica Require Import Measure Affine HammingInterval Cells.
Import ListNotations.
Open Scope R_scope.

Section Geodesic.

Variable d : nat.
Variable fs : list form.
Variables x y : point.

(** The pattern at time [t] of the line through [x] and [y]. *)
Definition at_time (t : R) : list bool := pattern d fs (comb t x y).

(** The bit of an affine form changes at most once: equal at two times, it is
    the same at every time in between. *)
Lemma bit_changes_once : forall f s t u, s <= t <= u ->
  bit d f (comb s x y) = bit d f (comb u x y) ->
  bit d f (comb t x y) = bit d f (comb s x y).
Proof.
  intros f s t u H E. destruct (bit d f (comb s x y)) eqn:B; symmetry in E.
  - apply bit_true in B. apply bit_true in E. apply bit_true.
    rewrite ev_comb in *. destruct (Rle_dec (ev d f x) (ev d f y)); nra.
  - apply bit_false in B. apply bit_false in E. apply bit_false.
    rewrite ev_comb in *. destruct (Rle_dec (ev d f x) (ev d f y)); nra.
Qed.

(** Along a segment, the pattern at an intermediate time lies in the Hamming
    interval of the patterns before and after. *)
Theorem segment_between : forall s t u, s <= t <= u ->
  between (at_time s) (at_time u) (at_time t).
Proof.
  intros s t u H j. unfold at_time. rewrite !pattern_bitn.
  apply bit_changes_once. exact H.
Qed.

Lemma segment_additive : forall s t u, s <= t <= u ->
  (hamming (at_time s) (at_time t) + hamming (at_time t) (at_time u)
   = hamming (at_time s) (at_time u))%nat.
Proof.
  intros s t u H. apply interval_iff; unfold at_time;
    rewrite ?pattern_length; try reflexivity.
  apply segment_between. exact H.
Qed.

Lemma last_indep : forall (A : Type) (l : list A) a b c, last (a :: l) b = last (a :: l) c.
Proof.
  intros A l. induction l as [|e l IH]; intros a b c; [reflexivity|]. simpl in *. apply IH.
Qed.

Lemma last_ge : forall s ts, StronglySorted Rle (s :: ts) -> s <= last ts s.
Proof.
  intros s ts. revert s. induction ts as [|t ts IH]; intros s H; [simpl; lra|].
  inversion H as [|? ? H1 H2]; subst. inversion H2; subst.
  replace (last (t :: ts) s) with (last ts t).
  - specialize (IH t H1). lra.
  - destruct ts as [|u ts]; [reflexivity|].
    change (last (t :: u :: ts) s) with (last (u :: ts) s). apply last_indep.
Qed.

Lemma last_cons : forall (A : Type) (l : list A) a b, last (a :: l) b = last l a.
Proof.
  intros A l a b. destruct l as [|e l]; [reflexivity|].
  change (last (a :: e :: l) b) with (last (e :: l) b). apply last_indep.
Qed.

(** The length of the path is the distance between its ends. *)
Lemma segment_r2 : forall ts s, StronglySorted Rle (s :: ts) ->
  r2 (map at_time (s :: ts)) = hamming (at_time s) (at_time (last ts s)).
Proof.
  induction ts as [|t ts IH]; intros s H.
  - simpl. symmetry. apply hamming_refl.
  - inversion H as [|? ? H1 H2]; subst. inversion H2; subst.
    change (r2 (map at_time (s :: t :: ts)))
      with (hamming (at_time s) (at_time t) + r2 (map at_time (t :: ts)))%nat.
    rewrite (IH t H1), last_cons. apply segment_additive.
    split; [assumption|]. apply last_ge. exact H1.
Qed.

(** The range of the path is the distance between its ends. *)
Lemma segment_maxdist : forall ts s s0, s0 <= s -> StronglySorted Rle (s :: ts) ->
  maxdist (at_time s0) (map at_time (s :: ts)) = hamming (at_time s0) (at_time (last ts s)).
Proof.
  induction ts as [|t ts IH]; intros s s0 L H.
  - simpl. lia.
  - inversion H as [|? ? H1 H2]; subst. inversion H2; subst.
    change (maxdist (at_time s0) (map at_time (s :: t :: ts))) with
      (Nat.max (hamming (at_time s0) (at_time s)) (maxdist (at_time s0) (map at_time (t :: ts)))).
    rewrite (IH t s0); [|lra|exact H1]. rewrite last_cons.
    pose proof (last_ge t ts H1).
    assert (s0 <= s <= last ts t) as Hs by lra.
    pose proof (segment_additive _ _ _ Hs). lia.
Qed.

(** Along increasing times the range of the path equals its length. *)
Theorem segment_r1_r2 : forall ts, StronglySorted Rle ts ->
  r1 (map at_time ts) = r2 (map at_time ts).
Proof.
  intros [|s ts] H; [reflexivity|]. rewrite segment_r2 by exact H.
  apply segment_maxdist; [lra|exact H].
Qed.

(** One family of affine forms never folds a segment: the measure is zero. *)
Theorem segment_chi_zero : forall ts, StronglySorted Rle ts ->
  (chi (map at_time ts) == 0)%Q.
Proof.
  intros ts H. apply (chi_zero (length fs)).
  - intros p Hp. apply in_map_iff in Hp. destruct Hp as [t [<- _]]. apply pattern_length.
  - apply segment_r1_r2. exact H.
Qed.

End Geodesic.
