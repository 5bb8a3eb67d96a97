(** Patterns, cells and their closures.

    A point is strict for a pattern when it satisfies every non-trivial
    inequality of the pattern strictly. Patterns with a strict point are
    exactly those whose cell has interior, and the closure of such a cell is
    obtained by making its inequalities weak. *)

From Coq Require Import Reals Lra Lia List Bool Arith.
From Plica Require Import Affine HammingInterval.
Import ListNotations.
Open Scope R_scope.

Section Cells.

Variable d : nat.

(** The bit of a form at a point: on exactly when the form is positive. *)
Definition bit (f : form) (x : point) : bool :=
  if Rlt_dec 0 (ev d f x) then true else false.

(** The pattern of a point: all its bits. *)
Definition pattern (fs : list form) (x : point) : list bool :=
  map (fun f => bit f x) fs.

(** Form number [j] of a family, zero past its end. *)
Definition formn (fs : list form) (j : nat) : form := nth j fs z0.

(** A pattern is realised when some point has it. *)
Definition realised (fs : list form) (p : list bool) : Prop :=
  exists x, pattern fs x = p.

(** A pattern is full-dimensional when its cell has non-empty interior. *)
Definition fulldim (fs : list form) (p : list bool) : Prop :=
  exists x eps, 0 < eps /\ forall y, near d eps x y -> pattern fs y = p.

(** The union of the half-open cells of the patterns of [B]. *)
Definition cells (fs : list form) (B : list (list bool)) : point -> Prop :=
  fun x => In (pattern fs x) B.

(** Topological closure for the maximum norm on the first [d] coordinates. *)
Definition closure (S : point -> Prop) : point -> Prop :=
  fun x => forall eps, 0 < eps -> exists y, near d eps x y /\ S y.

(** The closed region of [B]: the closure of the union of its cells. *)
Definition region (fs : list form) (B : list (list bool)) : point -> Prop :=
  closure (cells fs B).

(** A set that contains the segment between any two of its points. *)
Definition convex (S : point -> Prop) : Prop :=
  forall x y t, S x -> S y -> 0 <= t <= 1 -> S (comb t x y).

(** [B] contains every allowed pattern lying in the Hamming interval of two of
    its members; the allowed patterns are those of [Om]. *)
Definition hconvex (Om : list bool -> Prop) (B : list (list bool)) : Prop :=
  forall p q r, In p B -> In q B -> Om r -> between p q r -> In r B.

(** [f] satisfies the bit [b] strictly at [x], unless [f] is trivial. *)
Definition strict1 (f : form) (b : bool) (x : point) : Prop :=
  if b then 0 < ev d f x else ev d f x < 0 \/ zero_form d f.

(** [x] satisfies strictly every non-trivial inequality of the pattern [p]. *)
Definition strict (fs : list form) (p : list bool) (x : point) : Prop :=
  length p = length fs /\ forall j, strict1 (formn fs j) (bitn p j) x.

(** [f] satisfies the bit [b] weakly at [x]. *)
Definition weak1 (f : form) (b : bool) (x : point) : Prop :=
  if b then 0 <= ev d f x else ev d f x <= 0.

(** The closed cell of a pattern: its inequalities made weak. *)
Definition weak (fs : list form) (p : list bool) (x : point) : Prop :=
  forall j, weak1 (formn fs j) (bitn p j) x.

(** ** Bits and patterns *)

Lemma zero_z0 : zero_form d z0.
Proof. intros y. apply ev_z0. Qed.

Lemma bit_z0 : forall x, bit z0 x = false.
Proof. intros x. unfold bit. rewrite ev_z0. destruct (Rlt_dec 0 0); [lra|reflexivity]. Qed.

Lemma bit_true : forall f x, bit f x = true <-> 0 < ev d f x.
Proof.
  intros f x. unfold bit.
  destruct (Rlt_dec 0 (ev d f x)); split; intros; auto; try discriminate; lra.
Qed.

Lemma bit_false : forall f x, bit f x = false <-> ev d f x <= 0.
Proof.
  intros f x. unfold bit.
  destruct (Rlt_dec 0 (ev d f x)); split; intros; auto; try discriminate; lra.
Qed.

Lemma pattern_length : forall fs x, length (pattern fs x) = length fs.
Proof. intros. apply map_length. Qed.

Lemma pattern_bitn : forall fs x j, bitn (pattern fs x) j = bit (formn fs j) x.
Proof.
  intros fs x j. unfold bitn, pattern, formn.
  rewrite <- (bit_z0 x). apply (map_nth (fun f => bit f x)).
Qed.

Lemma pattern_ext : forall fs x y,
  (forall i, (i < d)%nat -> x i = y i) -> pattern fs x = pattern fs y.
Proof.
  intros fs x y H. unfold pattern. apply map_ext. intros f.
  unfold bit. rewrite (ev_ext d f x y H). reflexivity.
Qed.

Lemma formn_out : forall fs j, (length fs <= j)%nat -> formn fs j = z0.
Proof. intros. apply nth_overflow. assumption. Qed.

Lemma formn_in : forall fs j, In (formn fs j) (z0 :: fs).
Proof.
  intros fs j. unfold formn. destruct (nth_in_or_default j fs z0) as [H| ->].
  - right; exact H.
  - left; reflexivity.
Qed.

(** The pattern at a point of a segment lies in the Hamming interval of the
    patterns at the ends. *)
Lemma pattern_between : forall fs x y t, 0 <= t <= 1 ->
  between (pattern fs x) (pattern fs y) (pattern fs (comb t x y)).
Proof.
  intros fs x y t Ht j. rewrite !pattern_bitn.
  destruct (bit (formn fs j) x) eqn:Bx; intros By; symmetry in By.
  - apply bit_true in Bx. apply bit_true in By. apply bit_true. rewrite ev_comb.
    destruct (Rlt_le_dec 0 t); [nra|]. assert (t = 0) as -> by lra. lra.
  - apply bit_false in Bx. apply bit_false in By. apply bit_false. rewrite ev_comb. nra.
Qed.

(** ** Strict points *)

Lemma strict1_bit : forall f b x, strict1 f b x -> bit f x = b.
Proof.
  intros f [|] x H; simpl in H.
  - apply bit_true. exact H.
  - apply bit_false. destruct H as [H|H]; [lra|]. rewrite (H x). lra.
Qed.

Lemma strict1_weak1 : forall f b x, strict1 f b x -> weak1 f b x.
Proof. intros f [|] x H; simpl in *; [lra|]. destruct H as [H|H]; [lra|rewrite (H x); lra]. Qed.

Lemma strict_pattern : forall fs p x, strict fs p x -> pattern fs x = p.
Proof.
  intros fs p x [L H]. apply bits_eq.
  - rewrite pattern_length. auto.
  - intros j. rewrite pattern_bitn. apply strict1_bit. apply H.
Qed.

Lemma strict_weak : forall fs p x, strict fs p x -> weak fs p x.
Proof. intros fs p x [_ H] j. apply strict1_weak1. apply H. Qed.

(** A point at which no non-trivial form vanishes is strict for its pattern. *)
Lemma generic_strict : forall fs x,
  (forall f, In f fs -> zero_form d f \/ ev d f x <> 0) -> strict fs (pattern fs x) x.
Proof.
  intros fs x H. split; [apply pattern_length|]. intros j.
  assert (zero_form d (formn fs j) \/ ev d (formn fs j) x <> 0) as G.
  { destruct (formn_in fs j) as [<-|I]; [left; exact zero_z0|auto]. }
  rewrite pattern_bitn. destruct (bit (formn fs j) x) eqn:E; simpl.
  - apply bit_true. exact E.
  - apply bit_false in E. destruct G as [G|G]; [right; exact G|left; lra].
Qed.

Lemma strict1_open : forall f b x, strict1 f b x ->
  exists e, 0 < e /\ forall y, near d e x y -> strict1 f b y.
Proof.
  intros f [|] x H; simpl in *.
  - apply pos_open. exact H.
  - destruct H as [H|H].
    + destruct (neg_open d f x H) as [e [He N]]. exists e. auto.
    + exists 1. split; [lra|auto].
Qed.

(** Strictness is an open condition. *)
Lemma strict_open : forall fs p x, strict fs p x ->
  exists e, 0 < e <= 1 /\ forall y, near d e x y -> strict fs p y.
Proof.
  intros fs p x [L H].
  destruct (eps_list nat
    (fun j e => forall y, near d e x y -> strict1 (formn fs j) (bitn p j) y)
    (seq 0 (length fs))) as [e [He N]].
  - intros j e e' P Le y Ny. apply P. apply near_mono with e'; [exact Ny|lra].
  - intros j _. apply strict1_open. apply H.
  - exists e. split; [exact He|]. intros y Ny. split; [exact L|]. intros j.
    destruct (le_lt_dec (length fs) j) as [G|G].
    + rewrite formn_out by exact G. rewrite bitn_out by lia. right. exact zero_z0.
    + apply N; [apply in_seq; lia|exact Ny].
Qed.

(** A pattern is full-dimensional exactly when it has a strict point. *)
Lemma fulldim_iff_strict : forall fs p, fulldim fs p <-> exists x, strict fs p x.
Proof.
  intros fs p. split.
  - intros [x [e [He N]]]. destruct (perturb d fs x e He) as [y [Ny G]].
    exists y. rewrite <- (N y Ny). apply generic_strict. exact G.
  - intros [x H]. destruct (strict_open fs p x H) as [e [He N]].
    exists x, e. split; [lra|]. intros y Ny. apply strict_pattern. auto.
Qed.

Lemma fulldim_realised : forall fs p, fulldim fs p -> realised fs p.
Proof.
  intros fs p [x [e [He N]]]. exists x. apply N. apply near_refl. exact He.
Qed.

(** ** Closed cells *)

(** Moving from the closed cell towards a strict point makes all inequalities
    strict at once. *)
Lemma strict_toward : forall fs p x c s, weak fs p x -> strict fs p c -> 0 < s <= 1 ->
  strict fs p (comb s x c).
Proof.
  intros fs p x c s Hx [L Hc] Hs. split; [exact L|]. intros j.
  specialize (Hx j). specialize (Hc j).
  destruct (bitn p j); simpl in *.
  - rewrite ev_comb. nra.
  - destruct Hc as [Hc|Hc]; [left|right; exact Hc]. rewrite ev_comb. nra.
Qed.

(** A strict point of [r] that lies in the closed cell of a full-dimensional
    pattern [p] forces [p = r]. *)
Lemma strict_in_weak : forall fs p r c0 c, strict fs p c0 -> strict fs r c ->
  weak fs p c -> p = r.
Proof.
  intros fs p r c0 c [Lp Hp] [Lr Hr] W. apply bits_eq; [congruence|].
  intros j. specialize (Hp j). specialize (Hr j). specialize (W j).
  destruct (bitn p j), (bitn r j); simpl in *; try reflexivity.
  - destruct Hr as [Hr|Hr]; [lra|]. rewrite (Hr c0) in Hp. lra.
  - lra.
Qed.

Lemma weak1_dec : forall f b x, {weak1 f b x} + {~ weak1 f b x}.
Proof.
  intros f [|] x; simpl.
  - destruct (Rle_dec 0 (ev d f x)); auto.
  - destruct (Rle_dec (ev d f x) 0); auto.
Qed.

Lemma weak1_open : forall f b x, ~ weak1 f b x ->
  exists e, 0 < e /\ forall y, near d e x y -> bit f y <> b.
Proof.
  intros f [|] x H; simpl in H.
  - destruct (neg_open d f x) as [e [He N]]; [lra|]. exists e. split; [exact He|].
    intros y Ny E. apply bit_true in E. specialize (N y Ny). lra.
  - destruct (pos_open d f x) as [e [He N]]; [lra|]. exists e. split; [exact He|].
    intros y Ny E. apply bit_false in E. specialize (N y Ny). lra.
Qed.

Lemma forall_lt_dec : forall (P : nat -> Prop), (forall j, {P j} + {~ P j}) ->
  forall n, {forall j, (j < n)%nat -> P j} + {exists j, (j < n)%nat /\ ~ P j}.
Proof.
  intros P dec n. induction n as [|n IH].
  - left. intros j Hj. lia.
  - destruct IH as [A|E].
    + destruct (dec n) as [Y|N].
      * left. intros j Hj. destruct (Nat.eq_dec j n) as [->|D]; [exact Y|apply A; lia].
      * right. exists n. split; [lia|exact N].
    + right. destruct E as [j [Hj N]]. exists j. split; [lia|exact N].
Qed.

Lemma weak_dec : forall fs p x,
  length p = length fs -> {weak fs p x} + {exists j, ~ weak1 (formn fs j) (bitn p j) x}.
Proof.
  intros fs p x L.
  destruct (forall_lt_dec (fun j => weak1 (formn fs j) (bitn p j) x)
              (fun j => weak1_dec _ _ x) (length fs)) as [A|E].
  - left. intros j. destruct (le_lt_dec (length fs) j) as [G|G].
    + rewrite formn_out by exact G. rewrite bitn_out by lia. simpl. rewrite ev_z0. lra.
    + apply A. exact G.
  - right. destruct E as [j [_ N]]. exists j. exact N.
Qed.

(** Outside the closed cell of [p] there is a neighbourhood free of [p]. *)
Lemma not_weak_open : forall fs p x j, ~ weak1 (formn fs j) (bitn p j) x ->
  exists e, 0 < e /\ forall y, near d e x y -> pattern fs y <> p.
Proof.
  intros fs p x j H. destruct (weak1_open _ _ _ H) as [e [He N]].
  exists e. split; [exact He|]. intros y Ny E. apply (N y Ny).
  rewrite <- E. symmetry. apply pattern_bitn.
Qed.

Lemma exists_weak_dec : forall fs x B, (forall p, In p B -> length p = length fs) ->
  (exists p, In p B /\ weak fs p x) \/
  (forall p, In p B -> exists j, ~ weak1 (formn fs j) (bitn p j) x).
Proof.
  intros fs x B. induction B as [|p B IH]; intros L.
  - right. intros p [].
  - destruct (weak_dec fs p x) as [W|N]; [apply L; left; reflexivity| |].
    + left. exists p. split; [left; reflexivity|exact W].
    + destruct IH as [[q [Hq W]]|A]; [intros q Hq; apply L; right; exact Hq| |].
      * left. exists q. split; [right; exact Hq|exact W].
      * right. intros q [<-|Hq]; auto.
Qed.

(** The closed region of a family of full-dimensional patterns is the union of
    their closed cells. *)
Lemma region_iff_weak : forall fs B x, (forall p, In p B -> fulldim fs p) ->
  (region fs B x <-> exists p, In p B /\ weak fs p x).
Proof.
  intros fs B x F. split.
  - intros R. destruct (exists_weak_dec fs x B) as [E|A]; [|exact E|].
    + intros p Hp. apply F in Hp. apply fulldim_iff_strict in Hp.
      destruct Hp as [c [L _]]. exact L.
    + exfalso.
      destruct (eps_list (list bool)
        (fun p e => forall y, near d e x y -> pattern fs y <> p) B) as [e [He N]].
      * intros p e e' P L y Ny. apply P. apply near_mono with e'; [exact Ny|lra].
      * intros p Hp. destruct (A p Hp) as [j Nj]. apply not_weak_open with j. exact Nj.
      * destruct (R e) as [y [Ny Hy]]; [lra|]. exact (N _ Hy y Ny eq_refl).
  - intros [p [Hp W]] e He.
    destruct (proj1 (fulldim_iff_strict fs p) (F p Hp)) as [c Hc].
    destruct (comb_near d x c e He) as [s [Hs N]].
    exists (comb s x c). split; [apply N; lra|].
    unfold cells. rewrite (strict_pattern fs p); [exact Hp|].
    apply strict_toward; [exact W|exact Hc|lra].
Qed.

End Cells.
