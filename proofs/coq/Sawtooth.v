(** For two layers the convexity of a union of regions and the Hamming convexity
    of the set of its patterns are independent: a sawtooth on the line. *)

From Coq Require Import Reals Lra Lia List Bool.
From Plica Require Import Measure Network.
Import ListNotations.
Open Scope R_scope.

(** Layer 0: x and x - 1/2. Layer 1: 2 relu(x) - 4 relu(x - 1/2), and the same
    less 1/2. The output layer carries no bits and is left open. *)
Definition sawtooth (out : layer) : network :=
  [ [([1], 0); ([1], -1/2)];
    [([2; -4], 0); ([2; -4], -1/2)];
    out ].

(** The six patterns met from left to right. *)
Definition p0000 : pattern := [false; false; false; false].
Definition p1010 : pattern := [true; false; true; false].
Definition p1011 : pattern := [true; false; true; true].
Definition p1111 : pattern := [true; true; true; true].
Definition p1110 : pattern := [true; true; true; false].
Definition p1100 : pattern := [true; true; false; false].
Definition saw_patterns : list pattern := [p0000; p1010; p1011; p1111; p1110; p1100].

(** A pattern is realised if some input of the line has it. *)
Definition realised (net : network) (p : pattern) : Prop :=
  exists x, pattern_at net [x] = p.

(** It is full-dimensional if all inputs of some open interval have it. *)
Definition full (net : network) (p : pattern) : Prop :=
  exists s u, s < u /\ forall x, s < x < u -> pattern_at net [x] = p.

(** A set of patterns is Hamming-convex relative to the patterns in [S] if it
    contains every pattern of [S] that lies on a shortest path between two of
    its members. *)
Definition hamming_convex (S : pattern -> Prop) (B : list pattern) : Prop :=
  forall p q r, In p B -> In q B -> S r ->
    (hamming p r + hamming r q = hamming p q)%nat -> In r B.

(** The union of the regions of a set of patterns. *)
Definition union (net : network) (B : list pattern) (x : R) : Prop :=
  In (pattern_at net [x]) B.

(** Convex sets of the line, and the closure of a set. *)
Definition convex (A : R -> Prop) : Prop :=
  forall x y t, A x -> A y -> 0 <= t <= 1 -> A ((1 - t) * x + t * y).
Definition closure (A : R -> Prop) (x : R) : Prop :=
  forall eps, 0 < eps -> exists y, A y /\ Rabs (y - x) < eps.

(** The two sets of patterns. *)
Definition B1 : list pattern := [p1010; p1110].
Definition B2 : list pattern := [p1011; p1111; p1110].

(** ** The patterns of the sawtooth *)

(** The tent that layer 1 sees. *)
Definition tent (x : R) : R := 2 * relu x - 4 * relu (x - 1/2).

Lemma four_bits : forall a b c d a' b' c' d' : R,
  a = a' -> b = b' -> c = c' -> d = d' ->
  [on a; on b; on c; on d] = [on a'; on b'; on c'; on d'].
Proof. intros; subst; reflexivity. Qed.

Lemma saw_bits : forall out x, pattern_at (sawtooth out) [x] =
  [on x; on (x - 1/2); on (tent x); on (tent x - 1/2)].
Proof.
  intros out x. unfold pattern_at, hidden, sawtooth, tent.
  simpl. unfold act, pres. simpl. unfold pre. simpl.
  replace (0 + (1 * x + 0)) with x by ring.
  replace (-1/2 + (1 * x + 0)) with (x - 1/2) by field.
  apply four_bits; [reflexivity|reflexivity|ring|field].
Qed.

Lemma tent_left : forall x, x <= 0 -> tent x = 0.
Proof. intros x H. unfold tent. rewrite !relu_neg by lra. ring. Qed.

Lemma tent_up : forall x, 0 <= x <= 1/2 -> tent x = 2 * x.
Proof. intros x H. unfold tent. rewrite relu_pos, relu_neg by lra. ring. Qed.

Lemma tent_down : forall x, 1/2 <= x -> tent x = 2 - 2 * x.
Proof. intros x H. unfold tent. rewrite !relu_pos by lra. field. Qed.

(** The whole line, piece by piece. *)
Theorem saw_regions : forall out x,
  (x <= 0 /\ pattern_at (sawtooth out) [x] = p0000) \/
  (0 < x <= 1/4 /\ pattern_at (sawtooth out) [x] = p1010) \/
  (1/4 < x <= 1/2 /\ pattern_at (sawtooth out) [x] = p1011) \/
  (1/2 < x < 3/4 /\ pattern_at (sawtooth out) [x] = p1111) \/
  (3/4 <= x < 1 /\ pattern_at (sawtooth out) [x] = p1110) \/
  (1 <= x /\ pattern_at (sawtooth out) [x] = p1100).
Proof.
  intros out x. rewrite saw_bits.
  destruct (Rle_dec x 0).
  { left. rewrite (tent_left x) by lra. rewrite !on_false by lra. auto. }
  destruct (Rle_dec x (1/4)).
  { right; left. rewrite (tent_up x) by lra.
    rewrite (on_true x), (on_false (x - 1/2)), (on_true (2 * x)), on_false by lra.
    split; [lra|reflexivity]. }
  destruct (Rle_dec x (1/2)).
  { right; right; left. rewrite (tent_up x) by lra.
    rewrite (on_true x), (on_false (x - 1/2)), (on_true (2 * x)), on_true by lra.
    split; [lra|reflexivity]. }
  destruct (Rlt_dec x (3/4)).
  { right; right; right; left. rewrite (tent_down x) by lra. rewrite !on_true by lra.
    split; [lra|reflexivity]. }
  destruct (Rlt_dec x 1).
  { right; right; right; right; left. rewrite (tent_down x) by lra.
    rewrite (on_true x), (on_true (x - 1/2)), (on_true (2 - 2 * x)), on_false by lra.
    split; [lra|reflexivity]. }
  right; right; right; right; right. rewrite (tent_down x) by lra.
  rewrite (on_true x), (on_true (x - 1/2)), !on_false by lra.
  split; [lra|reflexivity].
Qed.

Ltac pieces out x H E :=
  destruct (saw_regions out x) as [[H E]|[[H E]|[[H E]|[[H E]|[[H E]|[H E]]]]]].

Lemma full_realised : forall net p, full net p -> realised net p.
Proof. intros net p (s & u & L & H). exists ((s + u) / 2). apply H. lra. Qed.

Lemma saw_full : forall out p, In p saw_patterns -> full (sawtooth out) p.
Proof.
  intros out p H. simpl in H.
  destruct H as [<-|[<-|[<-|[<-|[<-|[<-|[]]]]]]];
    [exists (-1), 0|exists 0, (1/4)|exists (1/4), (1/2)|exists (1/2), (3/4)
    |exists (3/4), 1|exists 1, 2];
    (split; [lra|]; intros x Hx; pieces out x K E; try exact E; exfalso; lra).
Qed.

(** These six patterns are the realised ones. *)
Theorem saw_realised : forall out p, realised (sawtooth out) p <-> In p saw_patterns.
Proof.
  intros out p. split.
  - intros [x <-]. pieces out x H E; rewrite E; simpl; auto 7.
  - intros H. apply full_realised. apply saw_full. exact H.
Qed.

(** They are all full-dimensional, so both readings of "realised" agree. *)
Theorem saw_full_iff : forall out p, full (sawtooth out) p <-> In p saw_patterns.
Proof.
  intros out p. split; [|apply saw_full].
  intros H. apply (saw_realised out). apply full_realised. exact H.
Qed.

Lemma saw_union1 : forall out x,
  union (sawtooth out) B1 x <-> 0 < x <= 1/4 \/ 3/4 <= x < 1.
Proof.
  intros out x. unfold union, B1. pieces out x H E; rewrite E; simpl; split; intros K;
    try lra; try (destruct K as [K|[K|[]]]; discriminate K); auto.
Qed.

Lemma saw_union2 : forall out x, union (sawtooth out) B2 x <-> 1/4 < x < 1.
Proof.
  intros out x. unfold union, B2. pieces out x H E; rewrite E; simpl; split; intros K;
    try lra; try (destruct K as [K|[K|[K|[]]]]; discriminate K); auto.
Qed.

Lemma closure_in : forall (A : R -> Prop) x, A x -> closure A x.
Proof.
  intros A x H eps He. exists x. split; [exact H|].
  unfold Rminus. rewrite Rplus_opp_r, Rabs_R0. exact He.
Qed.

(** The closure of a convex set of the line is convex. *)
Lemma closure_convex : forall A : R -> Prop, convex A -> convex (closure A).
Proof.
  intros A C x y t Hx Hy Ht eps He.
  destruct (Hx eps He) as (x' & Ax & Dx). destruct (Hy eps He) as (y' & Ay & Dy).
  exists ((1 - t) * x' + t * y'). split; [apply C; assumption|].
  apply Rabs_def2 in Dx. apply Rabs_def2 in Dy.
  assert (0 <= (1 - t) * (eps - (x' - x))) by (apply Rmult_le_pos; lra).
  assert (0 <= (1 - t) * (eps + (x' - x))) by (apply Rmult_le_pos; lra).
  assert (0 <= t * (eps - (y' - y))) by (apply Rmult_le_pos; lra).
  assert (0 <= t * (eps + (y' - y))) by (apply Rmult_le_pos; lra).
  destruct (Rle_dec t (1/2)).
  - assert (0 < (1 - t) * (eps - (x' - x))) by (apply Rmult_lt_0_compat; lra).
    assert (0 < (1 - t) * (eps + (x' - x))) by (apply Rmult_lt_0_compat; lra).
    apply Rabs_def1; lra.
  - assert (0 < t * (eps - (y' - y))) by (apply Rmult_lt_0_compat; lra).
    assert (0 < t * (eps + (y' - y))) by (apply Rmult_lt_0_compat; lra).
    apply Rabs_def1; lra.
Qed.

Lemma in_B1_dec : forall out, hamming_convex (realised (sawtooth out)) B1.
Proof.
  intros out p q r Hp Hq Hr. apply saw_realised in Hr. simpl in Hp, Hq, Hr.
  destruct Hp as [<-|[<-|[]]]; destruct Hq as [<-|[<-|[]]];
    destruct Hr as [<-|[<-|[<-|[<-|[<-|[<-|[]]]]]]]; simpl; intros E;
    try discriminate E; auto.
Qed.

(** A Hamming-convex set of patterns whose union is not convex, neither the
    half-open one nor its closure. *)
Theorem hamming_convex_not_convex : forall out,
  hamming_convex (realised (sawtooth out)) B1 /\
  hamming_convex (full (sawtooth out)) B1 /\
  ~ convex (union (sawtooth out) B1) /\
  ~ convex (closure (union (sawtooth out) B1)).
Proof.
  intros out. split; [|split; [|split]].
  - apply in_B1_dec.
  - intros p q r Hp Hq Hr. apply (in_B1_dec out p q r Hp Hq). apply full_realised. exact Hr.
  - intros C.
    assert (union (sawtooth out) B1 ((1 - 1/2) * (1/4) + 1/2 * (3/4))) as K
      by (apply C; [apply saw_union1; lra|apply saw_union1; lra|lra]).
    apply saw_union1 in K. lra.
  - intros C.
    assert (closure (union (sawtooth out) B1) ((1 - 1/2) * (1/4) + 1/2 * (3/4))) as K
      by (apply C; [apply closure_in, saw_union1; lra|apply closure_in, saw_union1; lra|lra]).
    destruct (K (1/8)) as (y & Hy & D); [lra|].
    apply saw_union1 in Hy. apply Rabs_def2 in D. lra.
Qed.

(** A set of patterns with a convex union, half-open and closed, that is not
    Hamming-convex: 1010 is realised and lies between 1011 and 1110. *)
Theorem convex_not_hamming_convex : forall out,
  convex (union (sawtooth out) B2) /\
  convex (closure (union (sawtooth out) B2)) /\
  ~ hamming_convex (realised (sawtooth out)) B2 /\
  ~ hamming_convex (full (sawtooth out)) B2.
Proof.
  intros out.
  assert (convex (union (sawtooth out) B2)) as C.
  { intros x y t Hx Hy Ht. apply saw_union2 in Hx. apply saw_union2 in Hy.
    apply saw_union2.
    destruct (Rle_dec t (1/2)).
    - assert (0 < (1 - t) * (x - 1/4)) by (apply Rmult_lt_0_compat; lra).
      assert (0 < (1 - t) * (1 - x)) by (apply Rmult_lt_0_compat; lra).
      assert (0 <= t * (y - 1/4)) by (apply Rmult_le_pos; lra).
      assert (0 <= t * (1 - y)) by (apply Rmult_le_pos; lra). lra.
    - assert (0 <= (1 - t) * (x - 1/4)) by (apply Rmult_le_pos; lra).
      assert (0 <= (1 - t) * (1 - x)) by (apply Rmult_le_pos; lra).
      assert (0 < t * (y - 1/4)) by (apply Rmult_lt_0_compat; lra).
      assert (0 < t * (1 - y)) by (apply Rmult_lt_0_compat; lra). lra. }
  split; [exact C|]. split; [apply closure_convex; exact C|].
  split; intros H.
  - assert (In p1010 B2) as K.
    { apply (H p1011 p1110 p1010); simpl; auto.
      apply saw_realised. simpl. auto. }
    simpl in K. destruct K as [K|[K|[K|[]]]]; discriminate K.
  - assert (In p1010 B2) as K.
    { apply (H p1011 p1110 p1010); simpl; auto.
      apply saw_full. simpl. auto. }
    simpl in K. destruct K as [K|[K|[K|[]]]]; discriminate K.
Qed.
