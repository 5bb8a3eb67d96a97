(** The wall-crossing argument shared by the closed and the half-open theorem.

    From a cell of [B] walk in a straight line towards a strict point [c] of a
    target pattern [r]. If the line is generic, it crosses one wall at a time
    (a wall may carry several proportional forms). At each wall either [B] has
    a member on the other side, and convexity pulls the next cell into [B], or
    all of [B] is on one side, and the target is not separated by that wall. *)

From Coq Require Import Reals Lra Lia List Bool Arith.
From Plica Require Import Measure Affine HammingInterval Cells.
Import ListNotations.
Open Scope R_scope.

Section Crossing.

Variable d : nat.
Variable fs : list form.

(** [r] keeps every bit on which all members of [B] agree. *)
Definition keeps_common (B : list (list bool)) (r : list bool) : Prop :=
  forall j b, (forall q, In q B -> bitn q j = b) -> bitn r j = b.

(** Seen from [c], the point [P] is generic: a cross form vanishes at [P] only
    if it vanishes everywhere, that is, if its two forms are proportional. *)
Definition generic (c P : point) : Prop :=
  forall j k, zero_form d (cross d c (formn fs j) (formn fs k)) \/
              ev d (cross d c (formn fs j) (formn fs k)) P <> 0.

(** The property that convexity gives: a strict point of an allowed pattern on
    a segment between strict points of members of [B] has its pattern in [B]. *)
Definition pulls (B : list (list bool)) : Prop :=
  forall p q r P Q t, In p B -> In q B ->
    strict d fs p P -> strict d fs q Q -> 0 <= t <= 1 ->
    strict d fs r (comb t P Q) -> In r B.

Lemma cross_self : forall c f g, ev d (cross d c f g) c = 0.
Proof. intros. rewrite ev_cross. ring. Qed.

(** Every strict point can be moved a little to become generic. *)
Lemma generic_exists : forall c p P, strict d fs p P ->
  exists P', strict d fs p P' /\ generic c P'.
Proof.
  intros c p P H. destruct (strict_open d fs p P H) as [e [He N]].
  set (L := map (fun fg => cross d c (fst fg) (snd fg)) (list_prod (z0 :: fs) (z0 :: fs))).
  destruct (perturb d L P e) as [P' [NP G]]; [lra|].
  exists P'. split; [apply N; exact NP|].
  intros j k. apply G. unfold L. apply in_map_iff.
  exists (formn fs j, formn fs k). split; [reflexivity|].
  apply in_prod; apply formn_in.
Qed.

(** Genericity is kept along the open segment towards [c]. *)
Lemma generic_comb : forall c P t, generic c P -> t < 1 -> generic c (comb t P c).
Proof.
  intros c P t G Ht j k. destruct (G j k) as [Z|N]; [left; exact Z|right].
  rewrite ev_comb, cross_self. intros E.
  assert ((1 - t) * ev d (cross d c (formn fs j) (formn fs k)) P = 0) as E' by lra.
  apply Rmult_integral in E'. destruct E' as [E'|E']; [lra|contradiction].
Qed.

(** Leaving [E] towards [Y]: if every bit of [p] is strict at [E], or tight at
    [E] and strict at [Y], then all points just after [E] are strict for [p]. *)
Lemma leave : forall p E Y, length p = length fs ->
  (forall j, strict1 d (formn fs j) (bitn p j) E \/
             (ev d (formn fs j) E = 0 /\ strict1 d (formn fs j) (bitn p j) Y)) ->
  exists s0, 0 < s0 <= 1 /\ forall s, 0 < s <= s0 -> strict d fs p (comb s E Y).
Proof.
  intros p E Y L H.
  destruct (eps_list nat
    (fun j e => forall s, 0 < s <= e -> strict1 d (formn fs j) (bitn p j) (comb s E Y))
    (seq 0 (length fs))) as [e [He N]].
  - intros j e e' P Le s Hs. apply P. lra.
  - intros j _. destruct (H j) as [S|[Z S]].
    + destruct (strict1_open d _ _ _ S) as [e1 [He1 N1]].
      destruct (comb_near d E Y e1 He1) as [s0 [Hs0 N0]].
      exists s0. split; [lra|]. intros s Hs. apply N1. apply N0. lra.
    + exists 1. split; [lra|]. intros s Hs.
      destruct (bitn p j); simpl in *.
      * rewrite ev_comb, Z. nra.
      * destruct S as [S|S]; [left; rewrite ev_comb, Z; nra|right; exact S].
  - exists e. split; [exact He|]. intros s Hs. split; [exact L|]. intros j.
    destruct (le_lt_dec (length fs) j) as [G|G].
    + rewrite formn_out by exact G. rewrite bitn_out by lia. right. apply zero_z0.
    + apply N; [apply in_seq; lia|exact Hs].
Qed.

(** A non-empty finite set of indices has one with the smallest key. *)
Lemma argmin : forall (key : nat -> R) (D : nat -> Prop),
  (forall j, {D j} + {~ D j}) -> forall n,
  (forall j, (j < n)%nat -> ~ D j) \/
  (exists j0, D j0 /\ forall j, (j < n)%nat -> D j -> key j0 <= key j).
Proof.
  intros key D dec n. induction n as [|n IH].
  - left. intros j Hj. lia.
  - destruct IH as [A|[j0 [H0 M]]]; destruct (dec n) as [Y|N].
    + right. exists n. split; [exact Y|]. intros j Hj Dj.
      destruct (Nat.eq_dec j n) as [->|Ne]; [lra|]. exfalso. apply (A j); [lia|exact Dj].
    + left. intros j Hj. destruct (Nat.eq_dec j n) as [->|Ne]; [exact N|apply A; lia].
    + destruct (Rle_dec (key j0) (key n)) as [C|C].
      * right. exists j0. split; [exact H0|]. intros j Hj Dj.
        destruct (Nat.eq_dec j n) as [->|Ne]; [exact C|apply M; [lia|exact Dj]].
      * right. exists n. split; [exact Y|]. intros j Hj Dj.
        destruct (Nat.eq_dec j n) as [->|Ne]; [lra|].
        assert (key j0 <= key j) by (apply M; [lia|exact Dj]). lra.
    + right. exists j0. split; [exact H0|]. intros j Hj Dj.
      destruct (Nat.eq_dec j n) as [->|Ne]; [contradiction|apply M; [lia|exact Dj]].
Qed.

(** The pattern just after [E] on the way to a strict point of [r]: bits whose
    form vanishes at [E] are those of [r], the others those of [p]. *)
Definition flip (p r : list bool) (E : point) : list bool :=
  map (fun j => if Req_EM_T (ev d (formn fs j) E) 0 then bitn r j else bitn p j)
      (seq 0 (length fs)).

Lemma flip_length : forall p r E, length (flip p r E) = length fs.
Proof. intros. unfold flip. rewrite map_length, seq_length. reflexivity. Qed.

Lemma flip_bitn : forall p r E j, length p = length fs -> length r = length fs ->
  bitn (flip p r E) j =
  if Req_EM_T (ev d (formn fs j) E) 0 then bitn r j else bitn p j.
Proof.
  intros p r E j Lp Lr. destruct (le_lt_dec (length fs) j) as [G|G].
  - rewrite !bitn_out by (try rewrite flip_length; lia).
    destruct (Req_EM_T _ 0); reflexivity.
  - unfold bitn at 1, flip.
    rewrite (nth_indep _ false
      ((fun j => if Req_EM_T (ev d (formn fs j) E) 0 then bitn r j else bitn p j) 0%nat))
      by (rewrite map_length, seq_length; exact G).
    rewrite (map_nth (fun j => if Req_EM_T (ev d (formn fs j) E) 0 then bitn r j else bitn p j)).
    rewrite seq_nth by exact G. reflexivity.
Qed.

(** Strict points for opposite bits have strictly opposite signs. *)
Lemma opposite_signs : forall f b b' P Q, b <> b' ->
  strict1 d f b P -> strict1 d f b' Q -> ev d f P * ev d f Q < 0.
Proof.
  intros f [|] [|] P Q Ne HP HQ; simpl in *; try congruence.
  - destruct HQ as [HQ|HQ]; [nra|]. rewrite (HQ P) in HP. lra.
  - destruct HP as [HP|HP]; [nra|]. rewrite (HP Q) in HQ. lra.
Qed.

(** A strict bit passes from [c] to any point where the form has a positive
    multiple of its value at [c]. *)
Lemma strict1_scale : forall f b c Y u v, strict1 d f b c -> u * v > 0 ->
  u * ev d f Y = ev d f c * v -> strict1 d f b Y.
Proof.
  intros f b c Y u v H Huv E.
  assert (v <> 0) as Hv by (intros ->; lra).
  pose proof (Rsqr_pos_lt v Hv) as Hvv. unfold Rsqr in Hvv.
  assert ((u * v) * ev d f Y = ev d f c * (v * v)) as E2
    by (replace (u * v * ev d f Y) with (u * ev d f Y * v) by ring; rewrite E; ring).
  destruct b; simpl in *.
  - destruct (Rlt_le_dec 0 (ev d f Y)) as [G|G]; [exact G|exfalso]. nra.
  - destruct H as [H|H]; [left|right; exact H].
    destruct (Rlt_le_dec (ev d f Y) 0) as [G|G]; [exact G|exfalso]. nra.
Qed.

(** Time at which a value going linearly from [a] to [b] vanishes. *)
Definition crossing (a b : R) : R := a / (a - b).

Lemma crossing_spec : forall a b, a * b < 0 ->
  0 < crossing a b < 1 /\ crossing a b * (a - b) = a.
Proof.
  intros a b H. unfold crossing.
  assert (a - b <> 0) as Ne by (intros Z; assert (a = b) by lra; subst; nra).
  assert (a / (a - b) * (a - b) = a) as E by (field; exact Ne).
  split; [|exact E].
  set (t := a / (a - b)) in *.
  destruct (Rlt_le_dec 0 a) as [A|A].
  - assert (b < 0) by nra. split; nra.
  - assert (a < 0) by nra. assert (0 < b) by nra. split; nra.
Qed.

(** A weak bit whose form does not vanish is strict. *)
Lemma weak1_strict1 : forall f b x, weak1 d f b x -> ev d f x <> 0 -> strict1 d f b x.
Proof. intros f [|] x H N; simpl in *; [lra|left; lra]. Qed.

(** Up to the first crossing the walk stays in the closed cell of [p]. *)
Lemma weak_until_first : forall p r P c t, length p = length fs ->
  length r = length fs -> strict d fs p P -> strict d fs r c -> 0 < t < 1 ->
  (forall j, (j < length fs)%nat -> bitn p j <> bitn r j ->
     t <= crossing (ev d (formn fs j) P) (ev d (formn fs j) c)) ->
  weak d fs p (comb t P c).
Proof.
  intros p r P c t Lp Lr HP Hc Ht M j.
  pose proof (proj2 HP j) as Pj. pose proof (proj2 Hc j) as Cj.
  destruct (Bool.bool_dec (bitn p j) (bitn r j)) as [E|N].
  - rewrite <- E in Cj. destruct (bitn p j); simpl in *; rewrite ev_comb.
    + nra.
    + destruct Pj as [Pj|Z]; [|rewrite (Z P), (Z c); lra].
      destruct Cj as [Cj|Z]; [nra|rewrite (Z P), (Z c); lra].
  - assert (j < length fs)%nat as Lj.
    { destruct (le_lt_dec (length fs) j) as [G|G]; [|exact G].
      exfalso. apply N. rewrite !bitn_out by lia. reflexivity. }
    specialize (M j Lj N).
    destruct (crossing_spec _ _ (opposite_signs _ _ _ _ _ N Pj Cj)) as [_ K].
    pose proof (opposite_signs _ _ _ _ _ N Pj Cj) as O.
    set (a := ev d (formn fs j) P) in *. set (b := ev d (formn fs j) c) in *.
    destruct (bitn p j); simpl in *; rewrite ev_comb; fold a in Pj; fold a b.
    + assert (b < 0) by nra. nra.
    + assert (a < 0)
        by (destruct Pj as [Pj|Z]; [exact Pj|];
            pose proof (Z P) as Za; fold a in Za; rewrite Za in O; lra).
      assert (0 < b) by nra. nra.
Qed.

(** Every full-dimensional pattern that keeps the common bits of [B] is reached
    by a generic walk from a member of [B], hence is in [B]. *)
Lemma walk : forall B r c, (forall q, In q B -> fulldim d fs q) -> pulls B ->
  strict d fs r c -> keeps_common B r ->
  forall n p P, (hamming p r < n)%nat -> In p B -> strict d fs p P -> generic c P ->
  In r B.
Proof.
  intros B r c FB PB Hc KC. induction n as [|n IH]; intros p P Hn Hp HP GP; [lia|].
  pose proof (proj1 HP) as Lp. pose proof (proj1 Hc) as Lr.
  destruct (argmin
    (fun j => crossing (ev d (formn fs j) P) (ev d (formn fs j) c))
    (fun j => bitn p j <> bitn r j)
    (fun j => match Bool.bool_dec (bitn p j) (bitn r j) with
              | left e => right (fun n => n e) | right n => left n end)
    (length fs)) as [A|[j0 [D0 M]]].
  - assert (p = r) as E; [|rewrite <- E; exact Hp].
    apply bits_eq; [congruence|]. intros j.
    destruct (le_lt_dec (length fs) j) as [G|G].
    + rewrite !bitn_out by lia. reflexivity.
    + destruct (Bool.bool_dec (bitn p j) (bitn r j)) as [E|N]; [exact E|].
      exfalso. exact (A j G N).
  - pose proof (proj2 HP j0) as P0. pose proof (proj2 Hc j0) as C0.
    pose proof (opposite_signs _ _ _ _ _ D0 P0 C0) as O.
    destruct (crossing_spec _ _ O) as [Ht Et].
    set (t := crossing (ev d (formn fs j0) P) (ev d (formn fs j0) c)) in *.
    set (E := comb t P c).
    assert (ev d (formn fs j0) E = 0) as E0 by (unfold E; rewrite ev_comb; lra).
    assert (weak d fs p E) as WE
      by (apply weak_until_first with r; assumption).
    assert (generic c E) as GE by (apply generic_comb; [exact GP|lra]).
    set (p' := flip p r E).
    assert (length p' = length fs) as Lp' by apply flip_length.
    assert (forall j, bitn p' j = if Req_EM_T (ev d (formn fs j) E) 0
                                  then bitn r j else bitn p j) as Bp'
      by (intros j; apply flip_bitn; assumption).
    (* some member of B is on the other side of the wall through E *)
    assert (exists q, In q B /\ bitn q j0 <> bitn p j0) as [q [Hq Nq]].
    { destruct (Exists_dec (fun q => bitn q j0 <> bitn p j0) B) as [Y|N].
      - intros q. destruct (Bool.bool_dec (bitn q j0) (bitn p j0)); [right|left]; auto.
      - apply Exists_exists in Y. exact Y.
      - exfalso. apply D0. symmetry. apply (KC j0). intros q Hq.
        destruct (Bool.bool_dec (bitn q j0) (bitn p j0)) as [Y|Y]; [exact Y|].
        exfalso. apply N. apply Exists_exists. exists q. auto. }
    destruct (proj1 (fulldim_iff_strict d fs q) (FB q Hq)) as [Q HQ].
    assert (ev d (formn fs j0) c * ev d (formn fs j0) Q > 0) as SQ.
    { pose proof (opposite_signs _ _ _ _ _ Nq (proj2 HQ j0) P0) as O2.
      destruct (Rlt_le_dec 0 (ev d (formn fs j0) P)).
      - assert (ev d (formn fs j0) c < 0) by nra.
        assert (ev d (formn fs j0) Q < 0) by nra. nra.
      - assert (0 < ev d (formn fs j0) c) by nra.
        assert (0 < ev d (formn fs j0) Q) by nra. nra. }
    (* just after E towards Q all the forms tight at E flip together *)
    destruct (leave p' E Q Lp') as [sq [Hsq SQp]].
    { intros j. rewrite Bp'. destruct (Req_EM_T (ev d (formn fs j) E) 0) as [Z|N].
      - right. split; [exact Z|].
        apply strict1_scale with (c := c) (u := ev d (formn fs j0) c)
          (v := ev d (formn fs j0) Q); [apply (proj2 Hc)|exact SQ|].
        destruct (GE j0 j) as [CZ|CN].
        + specialize (CZ Q). rewrite ev_cross in CZ. lra.
        + exfalso. apply CN. rewrite ev_cross, Z, E0. ring.
      - left. apply weak1_strict1; [apply WE|exact N]. }
    assert (In p' B) as Hp'.
    { pose proof (SQp sq ltac:(lra)) as W0.
      destruct (strict_open d fs p' _ W0) as [e [He Ne]].
      destruct (comb_near d E P e) as [s [Hs Ns]]; [lra|].
      apply (PB p q p' (comb s E P) Q sq Hp Hq).
      - apply strict_toward; [exact WE|exact HP|lra].
      - exact HQ.
      - lra.
      - apply Ne. apply near_comb; [lra|apply Ns; lra|apply near_refl; lra]. }
    (* go on from just after E towards c *)
    destruct (leave p' E c Lp') as [sc [Hsc SC]].
    { intros j. rewrite Bp'. destruct (Req_EM_T (ev d (formn fs j) E) 0) as [Z|N].
      - right. split; [exact Z|apply (proj2 Hc)].
      - left. apply weak1_strict1; [apply WE|exact N]. }
    apply (IH p' (comb (sc / 2) E c)).
    + assert (hamming p' r < hamming p r)%nat; [|lia].
      apply (hamming_lt p p' r j0); [congruence|congruence| |exact D0|].
      * intros j. rewrite Bp'. destruct (Req_EM_T _ 0); auto.
      * rewrite Bp'. destruct (Req_EM_T _ 0); [reflexivity|contradiction].
    + exact Hp'.
    + apply SC. lra.
    + apply generic_comb; [exact GE|lra].
Qed.

(** If [B] is non-empty, made of full-dimensional patterns and has the pulling
    property, it contains every full-dimensional pattern that keeps its common
    bits. *)
Theorem pulls_common : forall B r, (forall q, In q B -> fulldim d fs q) -> pulls B ->
  (exists p, In p B) -> fulldim d fs r -> keeps_common B r -> In r B.
Proof.
  intros B r FB PB [p Hp] Fr KC.
  destruct (proj1 (fulldim_iff_strict d fs r) Fr) as [c Hc].
  destruct (proj1 (fulldim_iff_strict d fs p) (FB p Hp)) as [P0 HP0].
  destruct (generic_exists c p P0 HP0) as [P [HP GP]].
  apply (walk B r c FB PB Hc KC (S (hamming p r)) p P); auto.
Qed.

(** A pattern between two members of [B] keeps the common bits of [B]. *)
Lemma between_keeps_common : forall B p q r, In p B -> In q B -> between p q r ->
  keeps_common B r.
Proof.
  intros B p q r Hp Hq Hb j b H. rewrite <- (H p Hp). apply Hb.
  rewrite (H p Hp), (H q Hq). reflexivity.
Qed.

End Crossing.
