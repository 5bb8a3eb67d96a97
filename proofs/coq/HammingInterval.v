(** Hamming intervals on bit lists.

    The interval I(p,q) is described twice: by the distance (r lies on a
    shortest path from p to q) and by the bits (r agrees with p wherever p and
    q agree). The two descriptions coincide. *)

From Coq Require Import Lia List Bool Arith.
From Plica Require Import Measure.
Import ListNotations.

(** Bit [j] of a pattern, [false] past its end. *)
Definition bitn (p : list bool) (j : nat) : bool := nth j p false.

(** [r] agrees with [p] wherever [p] and [q] agree. *)
Definition between (p q r : list bool) : Prop :=
  forall j, bitn p j = bitn q j -> bitn r j = bitn p j.

Lemma bits_eq : forall p q, length p = length q ->
  (forall j, bitn p j = bitn q j) -> p = q.
Proof.
  intros p q L H. apply (nth_ext p q false false L). intros n _. apply H.
Qed.

Lemma bitn_out : forall p j, length p <= j -> bitn p j = false.
Proof. intros p j H. unfold bitn. apply nth_overflow. exact H. Qed.

(** The two descriptions of the interval I(p,q) coincide. *)
Theorem interval_iff : forall p q r, length p = length r -> length q = length r ->
  (hamming p r + hamming r q = hamming p q <-> between p q r).
Proof.
  induction p as [|a p IH]; intros [|b q] [|c r] L1 L2; simpl in *; try lia.
  - split; [|reflexivity]. intros _ j _. reflexivity.
  - assert (length p = length r) as Lp by lia.
    assert (length q = length r) as Lq by lia.
    specialize (IH q r Lp Lq).
    pose proof (hamming_triangle (length r) p r q Lp eq_refl Lq) as T.
    assert (between (a :: p) (b :: q) (c :: r) <-> (a = b -> c = a) /\ between p q r) as S.
    { split.
      - intros H. split; [exact (H 0)|]. intros j. exact (H (S j)).
      - intros [H0 H1] [|j]; [exact H0|exact (H1 j)]. }
    rewrite S, <- IH.
    destruct a, b, c; simpl; split; try (intros [? ?]); try intros ?;
      try split; try (intros; congruence); try lia;
      try (exfalso; assert (Q : true = false) by auto; discriminate Q);
      try (exfalso; assert (Q : false = true) by auto; discriminate Q).
Qed.

(** Moving only towards [r], and at one place at least, decreases the distance
    to [r]. *)
Lemma hamming_lt : forall p p' r j0, length p = length p' -> length p = length r ->
  (forall j, bitn p' j = bitn p j \/ bitn p' j = bitn r j) ->
  bitn p j0 <> bitn r j0 -> bitn p' j0 = bitn r j0 ->
  hamming p' r < hamming p r.
Proof.
  assert (forall p p' r, length p = length p' -> length p = length r ->
    (forall j, bitn p' j = bitn p j \/ bitn p' j = bitn r j) ->
    hamming p' r <= hamming p r) as W.
  { induction p as [|a p IH]; intros [|b p'] [|c r] L1 L2 H; simpl in *; try lia.
    assert (hamming p' r <= hamming p r) by (apply IH; [lia|lia|intros j; exact (H (S j))]).
    pose proof (H 0) as K. unfold bitn in K; simpl in K.
    destruct a, b, c; simpl; (destruct K as [K|K]; try discriminate K; lia). }
  induction p as [|a p IH]; intros [|b p'] [|c r] j0 L1 L2 H N E; simpl in *; try lia.
  - exfalso. apply N. destruct j0; reflexivity.
  - pose proof (H 0) as K. unfold bitn in K; simpl in K.
    destruct j0 as [|j0].
    + unfold bitn in N, E; simpl in N, E.
      assert (hamming p' r <= hamming p r)
        by (apply W; [lia|lia|intros j; exact (H (S j))]).
      destruct a, b, c; simpl; (destruct K as [K|K]; try discriminate K; lia).
    + assert (hamming p' r < hamming p r)
        by (apply (IH p' r j0); [lia|lia|intros j; exact (H (S j))|exact N|exact E]).
      destruct a, b, c; simpl; (destruct K as [K|K]; try discriminate K; lia).
Qed.
