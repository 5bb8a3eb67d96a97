(** The folding measure of a path of activation patterns.

    Everything here is about lists of bit lists and needs no geometry: the
    range, the length and the measure chi of a path, their bounds, reversal,
    repetition and joining. *)

From Coq Require Import Lia List Bool Arith ZArith QArith Qabs Lqa.
Import ListNotations.
Open Scope nat_scope.

(** An activation pattern: one bit per unit. *)
Definition pattern := list bool.

(** A path: the patterns met one after the other. *)
Definition path := list pattern.

(** Number of places where two patterns of the same length differ. *)
Fixpoint hamming (p q : pattern) : nat :=
  match p, q with
  | a :: p', b :: q' => (if Bool.eqb a b then 0 else 1) + hamming p' q'
  | _, _ => 0
  end.

(** All patterns of the path have [m] bits. *)
Definition uniform (m : nat) (g : path) : Prop :=
  forall p, In p g -> length p = m.

(** Largest distance from [p] to a pattern of the path. *)
Fixpoint maxdist (p : pattern) (g : path) : nat :=
  match g with
  | [] => 0
  | q :: g' => Nat.max (hamming p q) (maxdist p g')
  end.

(** First and last pattern of a path (the empty pattern for the empty path). *)
Definition first (g : path) : pattern := hd [] g.
Definition final (g : path) : pattern := last g [].

(** The range: how far the path ever gets from its first pattern. *)
Definition r1 (g : path) : nat := maxdist (first g) g.

(** The length: the sum of the distances of consecutive patterns. *)
Fixpoint r2 (g : path) : nat :=
  match g with
  | p :: ((q :: _) as g') => hamming p q + r2 g'
  | _ => 0
  end.

(** Natural numbers as rationals. *)
Definition qn (n : nat) : Q := inject_Z (Z.of_nat n).

(** The measure: the share of the length that is not range, and 0 for a path
    that never changes its pattern. *)
Definition chi (g : path) : Q :=
  match r2 g with
  | O => 0%Q
  | S _ => (1 - qn (r1 g) / qn (r2 g))%Q
  end.

(** Distance between the two ends of a path. *)
Definition ends (g : path) : nat := hamming (first g) (final g).

(** The second path walked after the first, the common pattern counted once. *)
Definition join (g1 g2 : path) : path := g1 ++ tl g2.

(** ** The Hamming distance *)

Lemma hamming_refl : forall p, hamming p p = 0.
Proof. induction p as [|[] p IH]; simpl; auto. Qed.

Lemma hamming_sym : forall p q, hamming p q = hamming q p.
Proof.
  induction p as [|a p IH]; intros [|b q]; simpl; try reflexivity.
  rewrite IH. destruct a, b; reflexivity.
Qed.

Lemma hamming_triangle : forall m p q r,
  length p = m -> length q = m -> length r = m ->
  hamming p r <= hamming p q + hamming q r.
Proof.
  induction m as [|m IH]; intros [|a p] [|b q] [|c r] H1 H2 H3;
    simpl in *; try lia.
  specialize (IH p q r ltac:(lia) ltac:(lia) ltac:(lia)).
  destruct a, b, c; simpl; lia.
Qed.

Lemma hamming_zero : forall p q, length p = length q -> hamming p q = 0 -> p = q.
Proof.
  induction p as [|a p IH]; intros [|b q] L H; simpl in *; try lia; try reflexivity.
  destruct a, b; simpl in H; try lia; f_equal; apply IH; lia.
Qed.

(** ** Largest distances *)

Lemma maxdist_in : forall p q g, In q g -> hamming p q <= maxdist p g.
Proof.
  induction g as [|r g IH]; simpl; [easy|].
  intros [->|H]; [lia|]. specialize (IH H). lia.
Qed.

Lemma maxdist_le : forall p n g,
  (forall q, In q g -> hamming p q <= n) -> maxdist p g <= n.
Proof.
  induction g as [|r g IH]; simpl; intros H; [lia|].
  pose proof (H r (or_introl eq_refl)).
  specialize (IH (fun q Hq => H q (or_intror Hq))). lia.
Qed.

Lemma maxdist_app : forall p g g',
  maxdist p (g ++ g') = Nat.max (maxdist p g) (maxdist p g').
Proof. induction g as [|q g IH]; intros g'; simpl; [reflexivity|]. rewrite IH. lia. Qed.

Lemma maxdist_rev : forall p g, maxdist p (rev g) = maxdist p g.
Proof.
  induction g as [|q g IH]; simpl; [reflexivity|].
  rewrite maxdist_app, IH. simpl. lia.
Qed.

(** Changing the base pattern costs at most the distance of the two. *)
Lemma maxdist_base : forall m p q g,
  uniform m g -> length p = m -> length q = m ->
  maxdist p g <= hamming p q + maxdist q g.
Proof.
  intros m p q g U Lp Lq. apply maxdist_le. intros r Hr.
  pose proof (hamming_triangle m p q r Lp Lq (U r Hr)).
  pose proof (maxdist_in q r g Hr). lia.
Qed.

(** ** Uniform paths *)

Lemma uniform_tl : forall m p g, uniform m (p :: g) -> uniform m g.
Proof. intros m p g U q Hq. apply U. right. exact Hq. Qed.

Lemma uniform_hd : forall m p g, uniform m (p :: g) -> length p = m.
Proof. intros m p g U. apply U. left. reflexivity. Qed.

Lemma uniform_rev : forall m g, uniform m g -> uniform m (rev g).
Proof. intros m g U p Hp. apply U. apply in_rev. exact Hp. Qed.

Lemma uniform_app : forall m g g', uniform m g -> uniform m g' -> uniform m (g ++ g').
Proof. intros m g g' U U' p Hp. apply in_app_or in Hp. destruct Hp; auto. Qed.

Lemma final_cons : forall p q g, final (p :: q :: g) = final (q :: g).
Proof. reflexivity. Qed.

Lemma final_app : forall g p, final (g ++ [p]) = p.
Proof. intros g p. unfold final. apply last_last. Qed.

Lemma final_in : forall p g, In (final (p :: g)) (p :: g).
Proof.
  intros p g. revert p. induction g as [|q g IH]; intros p; [left; reflexivity|].
  rewrite final_cons. right. apply IH.
Qed.

Lemma first_rev : forall g, first (rev g) = final g.
Proof.
  intros g. induction g as [|p g IH] using rev_ind; [reflexivity|].
  rewrite rev_app_distr, final_app. reflexivity.
Qed.

Lemma final_rev : forall g, final (rev g) = first g.
Proof. intros g. rewrite <- first_rev, rev_involutive. reflexivity. Qed.

(** ** The length under joining, reversal and repetition *)

Lemma r2_cons : forall p q g, r2 (p :: q :: g) = hamming p q + r2 (q :: g).
Proof. reflexivity. Qed.

Lemma r2_app : forall g p g', r2 (g ++ p :: g') = r2 (g ++ [p]) + r2 (p :: g').
Proof.
  induction g as [|q g IH]; intros p g'; [simpl app; simpl (r2 [p]); lia|].
  destruct g as [|q' g].
  - simpl app. rewrite !r2_cons. simpl (r2 [p]). lia.
  - change ((q :: q' :: g) ++ p :: g') with (q :: q' :: (g ++ p :: g')).
    change ((q :: q' :: g) ++ [p]) with (q :: q' :: (g ++ [p])).
    rewrite !r2_cons.
    specialize (IH p g'). simpl app in IH. rewrite IH. lia.
Qed.

Lemma r2_rev : forall g, r2 (rev g) = r2 g.
Proof.
  induction g as [|p g IH]; [reflexivity|].
  destruct g as [|q g]; [reflexivity|].
  rewrite r2_cons, <- IH. simpl rev. rewrite <- app_assoc. simpl app.
  rewrite r2_app. rewrite r2_cons. simpl (r2 [p]).
  rewrite (hamming_sym q p). lia.
Qed.

Lemma ends_rev : forall g, ends (rev g) = ends g.
Proof. intros g. unfold ends. rewrite first_rev, final_rev. apply hamming_sym. Qed.

(** ** The integer inequalities behind every bound *)

Lemma maxdist_r2 : forall m p q g,
  length p = m -> uniform m (q :: g) ->
  maxdist p (q :: g) <= hamming p q + r2 (q :: g).
Proof.
  intros m p q g Lp. revert q.
  induction g as [|q' g IH]; intros q U; [simpl; lia|].
  specialize (IH q' (uniform_tl _ _ _ U)). rewrite r2_cons.
  change (maxdist p (q :: q' :: g)) with (Nat.max (hamming p q) (maxdist p (q' :: g))).
  pose proof (hamming_triangle m p q q' Lp (uniform_hd _ _ _ U)
    (uniform_hd _ _ _ (uniform_tl _ _ _ U))). lia.
Qed.

(** The range never exceeds the length. *)
Theorem r1_le_r2 : forall m g, uniform m g -> r1 g <= r2 g.
Proof.
  intros m [|p g] U; [apply le_n|]. unfold r1; simpl first.
  pose proof (maxdist_r2 m p p g (uniform_hd _ _ _ U) U).
  rewrite hamming_refl in H. lia.
Qed.

(** The two ends are at most the range apart. *)
Theorem ends_le_r1 : forall g, ends g <= r1 g.
Proof.
  intros [|p g]; [apply le_n|].
  unfold ends, r1. apply maxdist_in. apply final_in.
Qed.

Lemma ends_le_r2 : forall m g, uniform m g -> ends g <= r2 g.
Proof.
  intros m g U. pose proof (r1_le_r2 m g U). pose proof (ends_le_r1 g). lia.
Qed.

Lemma maxdist_twice : forall m p q g,
  length p = m -> uniform m (q :: g) ->
  2 * maxdist p (q :: g) <= hamming p q + r2 (q :: g) + hamming p (final (q :: g)).
Proof.
  intros m p q g Lp. revert q.
  induction g as [|q' g IH]; intros q U; [unfold final; simpl; lia|].
  pose proof (uniform_tl _ _ _ U) as U'.
  pose proof (uniform_hd _ _ _ U) as Lq.
  pose proof (uniform_hd _ _ _ U') as Lq'.
  specialize (IH q' U').
  pose proof (ends_le_r2 m _ U) as E. unfold ends in E; simpl first in E.
  rewrite final_cons in *.
  change (maxdist p (q :: q' :: g)) with (Nat.max (hamming p q) (maxdist p (q' :: g))).
  pose proof (hamming_triangle m p q q' Lp Lq Lq').
  pose proof (U' _ (final_in q' g)) as Lf.
  pose proof (hamming_triangle m p (final (q' :: g)) q Lp Lf Lq).
  rewrite (hamming_sym (final (q' :: g)) q) in H0.
  rewrite r2_cons in *. lia.
Qed.

(** The path must come back: out to the farthest pattern and from there to the
    last one. *)
Theorem r1_twice : forall m g, uniform m g -> 2 * r1 g <= r2 g + ends g.
Proof.
  intros m [|p g] U; [unfold r1, ends; simpl; lia|].
  pose proof (maxdist_twice m p p g (uniform_hd _ _ _ U) U).
  rewrite hamming_refl in H. unfold r1, ends. simpl first. lia.
Qed.

(** Walking backwards changes the range by at most the distance of the ends. *)
Theorem r1_rev : forall m g, uniform m g ->
  r1 g <= r1 (rev g) + ends g /\ r1 (rev g) <= r1 g + ends g.
Proof.
  intros m [|p g] U; [unfold r1, ends; simpl; lia|].
  unfold r1. rewrite first_rev, maxdist_rev. unfold ends. simpl first.
  pose proof (uniform_hd _ _ _ U) as Lp.
  pose proof (U _ (final_in p g)) as Lf.
  pose proof (maxdist_base m p (final (p :: g)) (p :: g) U Lp Lf).
  pose proof (maxdist_base m (final (p :: g)) p (p :: g) U Lf Lp).
  rewrite (hamming_sym (final (p :: g)) p) in H0. lia.
Qed.

(** A path of range 0 has length 0. *)
Lemma r1_zero : forall m g, uniform m g -> r1 g = 0 -> r2 g = 0.
Proof.
  intros m [|p g] U; [reflexivity|]. unfold r1; simpl first. intros H.
  assert (forall q, In q (p :: g) -> q = p) as K.
  { intros q Hq. symmetry. apply hamming_zero.
    - rewrite (U q Hq). exact (uniform_hd _ _ _ U).
    - pose proof (maxdist_in p q _ Hq). lia. }
  clear U H. induction g as [|q g IH]; [reflexivity|].
  assert (q = p) as -> by (apply K; right; left; reflexivity).
  rewrite r2_cons, hamming_refl. apply IH.
  intros q Hq. apply K. right. exact Hq.
Qed.

Lemma r1_pos : forall m g, uniform m g -> 0 < r2 g -> 0 < r1 g.
Proof. intros m g U H. pose proof (r1_zero m g U). lia. Qed.

(** Repeating a pattern does not change the range. *)
Theorem r1_repeat : forall g p g', r1 (g ++ p :: p :: g') = r1 (g ++ p :: g').
Proof.
  intros [|q g] p g'; unfold r1; simpl; [lia|].
  rewrite !maxdist_app. simpl. lia.
Qed.

(** Repeating a pattern does not change the length. *)
Theorem r2_repeat : forall g p g', r2 (g ++ p :: p :: g') = r2 (g ++ p :: g').
Proof.
  intros g p g'. rewrite (r2_app g p (p :: g')), (r2_app g p g'), r2_cons, hamming_refl.
  reflexivity.
Qed.

(** Repeating a pattern does not change the measure. *)
Theorem chi_repeat : forall g p g', chi (g ++ p :: p :: g') = chi (g ++ p :: g').
Proof. intros g p g'. unfold chi. rewrite r1_repeat, r2_repeat. reflexivity. Qed.

(** ** The measure *)

Local Open Scope Q_scope.

Lemma qn_le : forall a b, (a <= b)%nat -> qn a <= qn b.
Proof. intros a b H. unfold qn. rewrite <- Zle_Qle. lia. Qed.

Lemma qn_lt : forall a b, (a < b)%nat -> qn a < qn b.
Proof. intros a b H. unfold qn. rewrite <- Zlt_Qlt. lia. Qed.

Lemma qn_plus : forall a b, qn (a + b) == qn a + qn b.
Proof. intros a b. unfold qn. rewrite Nat2Z.inj_add, inject_Z_plus. reflexivity. Qed.

Lemma qn_mult : forall a b, qn (a * b) == qn a * qn b.
Proof. intros a b. unfold qn. rewrite Nat2Z.inj_mul, inject_Z_mult. reflexivity. Qed.

Lemma qn_pos : forall a, (0 < a)%nat -> 0 < qn a.
Proof. intros a H. apply (qn_lt 0 a H). Qed.

Lemma qn_nonneg : forall a, 0 <= qn a.
Proof. intros a. apply (qn_le 0 a). lia. Qed.

Lemma qn_inj : forall a b, qn a == qn b -> a = b.
Proof. intros a b H. unfold qn in H. rewrite inject_Z_injective in H. lia. Qed.

Lemma div_mult : forall x y, 0 < y -> x / y * y == x.
Proof. intros x y H. field. intros E. rewrite E in H. lra. Qed.

(** The measure with its denominator cleared. *)
Lemma chi_spec : forall g, (0 < r2 g)%nat ->
  chi g * qn (r2 g) == qn (r2 g) - qn (r1 g).
Proof.
  intros g H. unfold chi. destruct (r2 g) as [|n] eqn:E; [lia|].
  pose proof (div_mult (qn (r1 g)) (qn (S n)) (qn_pos _ H)) as K.
  set (z := qn (r1 g) / qn (S n)) in *. lra.
Qed.

Lemma chi_flat : forall g, r2 g = 0%nat -> chi g = 0.
Proof. intros g H. unfold chi. rewrite H. reflexivity. Qed.

Lemma le_by : forall x y l, 0 < l -> x * l <= y * l -> x <= y.
Proof. intros x y l H K. exact (proj1 (Qmult_le_r x y l H) K). Qed.

Lemma lt_by : forall x y l, 0 < l -> x * l < y * l -> x < y.
Proof. intros x y l H K. exact (proj1 (Qmult_lt_r x y l H) K). Qed.

Lemma r2_cases : forall g, r2 g = 0%nat \/ (0 < r2 g)%nat.
Proof. intros g. lia. Qed.

(** The measure lies in [0,1). *)
Theorem chi_range : forall m g, uniform m g -> 0 <= chi g < 1.
Proof.
  intros m g U. destruct (r2_cases g) as [E|P].
  - rewrite (chi_flat g E). lra.
  - pose proof (chi_spec g P) as K. pose proof (qn_pos _ P) as L.
    pose proof (qn_le _ _ (r1_le_r2 m g U)).
    pose proof (qn_pos _ (r1_pos m g U P)).
    split; [apply (le_by _ _ _ L)|apply (lt_by _ _ _ L)]; lra.
Qed.

(** The measure is zero exactly when the path walks straight to its farthest
    pattern: range equal to length. *)
Theorem chi_zero : forall m g, uniform m g -> (chi g == 0 <-> r1 g = r2 g).
Proof.
  intros m g U. pose proof (r1_le_r2 m g U) as M. destruct (r2_cases g) as [E|P].
  - rewrite (chi_flat g E). split; intros _; [lia|reflexivity].
  - pose proof (chi_spec g P) as K. pose proof (qn_pos _ P) as L. split; intros H.
    + rewrite H in K. apply qn_inj. lra.
    + rewrite H in K. apply Qle_antisym; apply (le_by _ _ _ L); lra.
Qed.

(** Flatness does not depend on the direction. *)
Theorem chi_zero_rev : forall m g, uniform m g -> (chi g == 0 <-> chi (rev g) == 0).
Proof.
  intros m g U. pose proof (uniform_rev m g U) as V.
  rewrite (chi_zero m g U), (chi_zero m _ V).
  pose proof (r1_twice m g U). pose proof (r1_twice m _ V).
  pose proof (ends_le_r1 g). pose proof (ends_le_r1 (rev g)).
  pose proof (r1_le_r2 m g U). pose proof (r1_le_r2 m _ V).
  rewrite ends_rev, r2_rev in *. lia.
Qed.

(** The distance of the two ends fixes the measure up to a factor of two. *)
Theorem chi_bounds : forall m g, uniform m g -> (0 < r2 g)%nat ->
  (1 # 2) * (1 - qn (ends g) / qn (r2 g)) <= chi g /\
  chi g <= 1 - qn (ends g) / qn (r2 g).
Proof.
  intros m g U P. pose proof (chi_spec g P) as K. pose proof (qn_pos _ P) as L.
  pose proof (div_mult (qn (ends g)) _ L) as D. set (z := qn (ends g) / qn (r2 g)) in *.
  pose proof (qn_le _ _ (ends_le_r1 g)) as H1.
  pose proof (qn_le _ _ (r1_twice m g U)) as H2.
  rewrite qn_mult, qn_plus in H2. change (qn 2) with (2#1) in H2.
  split; apply (le_by _ _ _ L); lra.
Qed.

(** Walking backwards changes the measure by at most the distance of the ends
    over the length. *)
Theorem chi_rev_ends : forall m g, uniform m g -> (0 < r2 g)%nat ->
  Qabs (chi g - chi (rev g)) <= qn (ends g) / qn (r2 g).
Proof.
  intros m g U P. pose proof (chi_spec g P) as K. pose proof (qn_pos _ P) as L.
  assert (0 < r2 (rev g))%nat as P' by (rewrite r2_rev; exact P).
  pose proof (chi_spec _ P') as K'. rewrite r2_rev in K'.
  pose proof (div_mult (qn (ends g)) _ L) as D. set (z := qn (ends g) / qn (r2 g)) in *.
  destruct (r1_rev m g U) as [A B].
  pose proof (qn_le _ _ A) as A'. pose proof (qn_le _ _ B) as B'.
  rewrite qn_plus in A', B'.
  apply Qabs_Qle_condition. split; apply (le_by _ _ _ L); lra.
Qed.

(** Walking backwards changes the measure by at most one third. *)
Theorem chi_rev_third : forall m g, uniform m g ->
  Qabs (chi g - chi (rev g)) <= 1 # 3.
Proof.
  intros m g U. destruct (r2_cases g) as [E|P].
  - rewrite (chi_flat g E), (chi_flat (rev g)) by (rewrite r2_rev; exact E).
    vm_compute. discriminate.
  - pose proof (chi_spec g P) as K. pose proof (qn_pos _ P) as L.
    assert (0 < r2 (rev g))%nat as P' by (rewrite r2_rev; exact P).
    pose proof (chi_spec _ P') as K'. rewrite r2_rev in K'.
    destruct (r1_rev m g U) as [A B].
    pose proof (r1_twice m g U) as T. pose proof (r1_twice m _ (uniform_rev m g U)) as T'.
    pose proof (ends_le_r1 g) as E. pose proof (ends_le_r1 (rev g)) as E'.
    rewrite ends_rev, ?r2_rev in *.
    assert (3 * r1 g <= 3 * r1 (rev g) + r2 g)%nat as X by lia.
    assert (3 * r1 (rev g) <= 3 * r1 g + r2 g)%nat as Y by lia.
    apply qn_le in X. apply qn_le in Y.
    rewrite qn_plus, !qn_mult in X, Y. change (qn 3) with (3#1) in X, Y.
    apply Qabs_Qle_condition. split; apply (le_by _ _ _ L); lra.
Qed.

(** The path 1000, 1100, 1000, 1001. *)
Definition third_path : path :=
  [[true;false;false;false]; [true;true;false;false];
   [true;false;false;false]; [true;false;false;true]].

(** One third is attained: 2/3 in one direction, 1/3 in the other. *)
Theorem chi_rev_third_sharp :
  uniform 4 third_path /\ chi third_path == 2 # 3 /\ chi (rev third_path) == 1 # 3 /\
  Qabs (chi third_path - chi (rev third_path)) == 1 # 3.
Proof.
  split; [|split; [|split]]; [|reflexivity..].
  intros p H. simpl in H. intuition (subst; reflexivity).
Qed.

(** A closed path that moves at all has measure at least one half. *)
Theorem chi_closed : forall m g, uniform m g -> (0 < r2 g)%nat ->
  first g = final g -> 1 # 2 <= chi g.
Proof.
  intros m g U P C. destruct (chi_bounds m g U P) as [H _].
  assert (ends g = 0%nat) as E by (unfold ends; rewrite C; apply hamming_refl).
  rewrite E in H. pose proof (div_mult (qn 0) _ (qn_pos _ P)) as D.
  set (z := qn 0 / qn (r2 g)) in *. pose proof (qn_pos _ P).
  change (qn 0) with 0 in D.
  assert (z == 0) by (apply Qle_antisym; apply (le_by _ _ _ (qn_pos _ P)); lra).
  lra.
Qed.

(** ** Joining two paths *)

Lemma join_split : forall g1 g2, g1 <> [] -> g2 <> [] -> final g1 = first g2 ->
  exists a x b, g1 = a ++ [x] /\ g2 = x :: b /\ join g1 g2 = a ++ x :: b.
Proof.
  intros g1 [|x b] H1 H2 E; [easy|].
  destruct (exists_last H1) as [a [y ->]]. rewrite final_app in E. simpl in E. subst y.
  exists a, x, b. repeat split. unfold join. simpl. rewrite <- app_assoc. reflexivity.
Qed.

(** Lengths add when two paths are joined. *)
Theorem r2_join : forall g1 g2, g1 <> [] -> g2 <> [] -> final g1 = first g2 ->
  r2 (join g1 g2) = (r2 g1 + r2 g2)%nat.
Proof.
  intros g1 g2 H1 H2 E. destruct (join_split g1 g2 H1 H2 E) as (a & x & b & -> & -> & ->).
  apply r2_app.
Qed.

(** Ranges add at most when two paths are joined. *)
Theorem r1_join : forall m g1 g2, uniform m g1 -> uniform m g2 ->
  g1 <> [] -> g2 <> [] -> final g1 = first g2 ->
  (r1 (join g1 g2) <= r1 g1 + r1 g2)%nat.
Proof.
  intros m g1 g2 U1 U2 H1 H2 E.
  pose proof (ends_le_r1 g1) as D. unfold ends in D. rewrite E in D.
  destruct g1 as [|p g1]; [easy|].
  assert (first (join (p :: g1) g2) = p) as F by reflexivity.
  unfold r1 at 1. rewrite F. unfold join. rewrite maxdist_app.
  assert (maxdist p (tl g2) <= maxdist p g2)%nat as T
    by (destruct g2 as [|q g2]; [easy|simpl; lia]).
  assert (length (first g2) = m) as Lq
    by (destruct g2 as [|q g2]; [easy|exact (uniform_hd _ _ _ U2)]).
  pose proof (maxdist_base m p (first g2) g2 U2 (uniform_hd _ _ _ U1) Lq) as B.
  unfold r1 in *. simpl first in *. lia.
Qed.

(** What joining adds to the measures of the two parts. *)
Definition interaction (g1 g2 : path) : Q := chi (join g1 g2) - chi g1 - chi g2.

(** The interaction of two paths lies strictly between -1 and 1. *)
Theorem interaction_range : forall m g1 g2, uniform m g1 -> uniform m g2 ->
  g1 <> [] -> g2 <> [] -> final g1 = first g2 ->
  -(1) < interaction g1 g2 /\ interaction g1 g2 < 1.
Proof.
  intros m g1 g2 U1 U2 N1 N2 E. unfold interaction.
  pose proof (r1_join m g1 g2 U1 U2 N1 N2 E) as HR.
  pose proof (r2_join g1 g2 N1 N2 E) as HL.
  assert (uniform m (join g1 g2)) as U.
  { apply uniform_app; [exact U1|].
    destruct g2 as [|q g2]; [easy|exact (uniform_tl _ _ _ U2)]. }
  destruct (chi_range m _ U) as [J0 J1].
  destruct (chi_range m _ U1) as [A0 A1]. destruct (chi_range m _ U2) as [B0 B1].
  split; [|lra].
  destruct (r2_cases g1) as [Z1|P1]; [rewrite (chi_flat g1 Z1); lra|].
  destruct (r2_cases g2) as [Z2|P2]; [rewrite (chi_flat g2 Z2); lra|].
  assert (0 < r2 (join g1 g2))%nat as P by lia.
  pose proof (chi_spec _ P) as K. pose proof (chi_spec _ P1) as K1.
  pose proof (chi_spec _ P2) as K2.
  pose proof (qn_pos _ P1) as L1. pose proof (qn_pos _ P2) as L2.
  pose proof (qn_pos _ (r1_pos m _ U1 P1)) as R1.
  pose proof (qn_pos _ (r1_pos m _ U2 P2)) as R2.
  apply qn_le in HR. rewrite qn_plus in HR.
  rewrite HL, qn_plus in K. pose proof (qn_pos _ P) as L. rewrite HL, qn_plus in L.
  set (x := chi g1) in *. set (y := chi g2) in *. set (z := chi (join g1 g2)) in *.
  (* with u = 1 - x, v = 1 - y, w = 1 - z: w (L1+L2) <= u L1 + v L2 < (u+v)(L1+L2) *)
  assert (0 < (1 - x) * qn (r2 g2)) by (apply Qmult_lt_0_compat; lra).
  assert (0 < (1 - y) * qn (r2 g1)) by (apply Qmult_lt_0_compat; lra).
  apply (lt_by _ _ _ L). lra.
Qed.

(** Joining can create measure: out and back along one edge. *)
Theorem not_subadditive :
  let g1 := [[false]; [true]] in let g2 := [[true]; [false]] in
  uniform 1 g1 /\ uniform 1 g2 /\ final g1 = first g2 /\
  chi g1 + chi g2 < chi (join g1 g2).
Proof.
  cbv zeta. repeat split; try (intros p H; simpl in H; intuition (subst; reflexivity)).
Qed.

(** Joining can destroy measure: the same closed path walked twice. *)
Theorem not_superadditive :
  let g1 := [[false]; [true]; [false]] in let g2 := g1 in
  uniform 1 g1 /\ uniform 1 g2 /\ final g1 = first g2 /\
  chi (join g1 g2) < chi g1 + chi g2.
Proof.
  cbv zeta. repeat split; try (intros p H; simpl in H; intuition (subst; reflexivity)).
Qed.
