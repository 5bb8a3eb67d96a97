(* Enclosures of smooth networks (proofs/smooth.md): what a ball of an operation contains, what is proved of a function from the
   quotients of its differences, and that there is exactly one crossing where the signs at the ends differ. *)

From Coq Require Import Reals Lra Psatz.

Open Scope R_scope.

(* Balls: the numbers within r of m. *)
Definition ball (m r x : R) := Rabs (x - m) <= r.

Theorem ball_sum m r n s a b : ball m r a -> ball n s b -> ball (m + n) (r + s) (a + b).
Proof.
  unfold ball. intros A B. replace (a + b - (m + n)) with ((a - m) + (b - n)) by ring.
  pose proof (Rabs_triang (a - m) (b - n)). lra.
Qed.

Theorem ball_product m r n s a b :
  ball m r a -> ball n s b -> ball (m * n) (Rabs m * s + Rabs n * r + r * s) (a * b).
Proof.
  unfold ball. intros A B.
  replace (a * b - m * n) with (m * (b - n) + (n * (a - m) + (a - m) * (b - n))) by ring.
  pose proof (Rabs_triang (m * (b - n)) (n * (a - m) + (a - m) * (b - n))) as T.
  pose proof (Rabs_triang (n * (a - m)) ((a - m) * (b - n))) as T'.
  rewrite !Rabs_mult in *.
  pose proof (Rabs_pos (a - m)). pose proof (Rabs_pos (b - n)).
  pose proof (Rabs_pos m). pose proof (Rabs_pos n).
  assert (Rabs m * Rabs (b - n) <= Rabs m * s) by (apply Rmult_le_compat_l; assumption).
  assert (Rabs n * Rabs (a - m) <= Rabs n * r) by (apply Rmult_le_compat_l; assumption).
  assert (Rabs (a - m) * Rabs (b - n) <= r * s) by (apply Rmult_le_compat; assumption).
  lra.
Qed.

Theorem ball_quotient m r n s a b l :
  ball m r a -> ball n s b -> n <> 0 -> 0 < l <= Rabs b -> ball (m / n) ((r + Rabs (m / n) * s) / l) (a / b).
Proof.
  unfold ball. intros A B N [L LB].
  assert (b <> 0) as BN by (intros E; rewrite E, Rabs_R0 in LB; lra).
  replace (a / b - m / n) with (((a - m) + (m / n) * (n - b)) / b) by (field; split; assumption).
  unfold Rdiv at 1. rewrite Rabs_mult, Rabs_inv.
  pose proof (Rabs_triang (a - m) (m / n * (n - b))) as T. rewrite Rabs_mult in T.
  rewrite (Rabs_minus_sym n b) in T.
  pose proof (Rabs_pos (b - n)). pose proof (Rabs_pos (m / n)). pose proof (Rabs_pos (a - m)).
  assert (Rabs (m / n) * Rabs (b - n) <= Rabs (m / n) * s) by (apply Rmult_le_compat_l; assumption).
  unfold Rdiv at 3. apply Rmult_le_compat.
  - apply Rabs_pos.
  - left. apply Rinv_0_lt_compat. lra.
  - unfold Rdiv in *. lra.
  - apply Rinv_le_contravar; lra.
Qed.

(* A bound y of x that was computed with at most 64 roundings, and with at most sixteen halves e of the least double lost to underflow, is a
   bound again after `up`: times 1 + 2^-45 = 1 + 256 u, plus 32 e, each rounded once more. *)
Theorem up_covers x y u e :
  0 <= x -> 0 <= y -> 0 <= e -> 0 <= u <= / 100000 -> x * (1 - 64 * u) - 16 * e <= y ->
  x <= (y * (1 + 256 * u) * (1 - u) - e + 32 * e) * (1 - u).
Proof.
  intros X Y E U H.
  assert ((x * (1 - 64 * u) - 16 * e) * (1 + 256 * u) * (1 - u) <= y * (1 + 256 * u) * (1 - u)) as G.
  { apply Rmult_le_compat_r; [lra |]. apply Rmult_le_compat_r; lra. }
  assert (x <= (x * (1 - 64 * u)) * (1 + 256 * u) * (1 - u) * (1 - u)) as P.
  { assert (1 <= (1 - 64 * u) * (1 + 256 * u) * (1 - u) * (1 - u)) by nra. nra. }
  assert (0 <= (31 * e - 16 * e * (1 + 256 * u) * (1 - u)) * (1 - u)) as Q.
  { apply Rmult_le_pos; [| lra]. assert ((1 + 256 * u) * (1 - u) <= 3 / 2) by nra. nra. }
  assert (((x * (1 - 64 * u) - 16 * e) * (1 + 256 * u) * (1 - u) + 31 * e) * (1 - u)
          <= (y * (1 + 256 * u) * (1 - u) - e + 32 * e) * (1 - u)) by (apply Rmult_le_compat_r; lra).
  lra.
Qed.

(* 64 roundings lose less than 64 u. *)
Theorem roundings u n : 0 <= u <= 1 -> 1 - INR n * u <= (1 - u) ^ n.
Proof.
  intros U. induction n as [| n IH]; [simpl; lra |].
  rewrite S_INR. simpl.
  assert ((1 - u) ^ n <= 1) by (pose proof (pow_incr (1 - u) 1 n) as P; rewrite pow1 in P; apply P; lra).
  assert (u * (1 - u) ^ n <= u * 1) by (apply Rmult_le_compat_l; lra). lra.
Qed.

(* The functions used for radii. *)
Theorem exp_upper x : 0 <= x <= / 2 -> exp x <= 1 + x + x * x.
Proof.
  intros [L H].
  set (t := x / 4). assert (x = 4 * t) as E by (unfold t; field). assert (0 <= t <= / 8) as [T T'] by (unfold t; lra).
  pose proof (exp_ineq1_le (- t)) as I. pose proof (exp_pos t) as P.
  assert (exp t * exp (- t) = 1) as Q by (rewrite <- exp_plus, Rplus_opp_r; apply exp_0).
  assert (exp x = exp t * exp t * (exp t * exp t)) as -> by (rewrite <- !exp_plus; f_equal; lra).
  assert (exp t <= / (1 - t)) as B.
  { apply Rmult_le_reg_r with (1 - t); [lra |]. rewrite Rinv_l by lra. rewrite <- Q. apply Rmult_le_compat_l; lra. }
  assert (0 < / (1 - t)) as V by (apply Rinv_0_lt_compat; lra).
  apply Rle_trans with (/ (1 - t) * / (1 - t) * (/ (1 - t) * / (1 - t))).
  { repeat apply Rmult_le_compat; try apply Rmult_le_pos; try lra. }
  assert (0 < (1 - t) ^ 4) as D by (apply pow_lt; lra).
  apply Rmult_le_reg_r with ((1 - t) ^ 4); [exact D |].
  replace (/ (1 - t) * / (1 - t) * (/ (1 - t) * / (1 - t)) * (1 - t) ^ 4) with 1 by (field; lra).
  rewrite E.
  replace ((1 + 4 * t + 4 * t * (4 * t)) * (1 - t) ^ 4)
    with (1 + t * t * (6 - 44 * t + t * t * (81 - 60 * t + 16 * (t * t)))) by ring.
  assert (0 <= t * t) as S by (apply Rle_0_sqr).
  assert (0 <= t * t * (81 - 60 * t + 16 * (t * t))) by (apply Rmult_le_pos; lra).
  assert (0 <= t * t * (6 - 44 * t + t * t * (81 - 60 * t + 16 * (t * t)))) by (apply Rmult_le_pos; lra).
  lra.
Qed.

(* |(ln h)'| <= c: h changes at most by the factor exp(c |d|). *)
Theorem growth (h h' : R -> R) c m t :
  (forall x, derivable_pt_lim h x (h' x)) -> (forall x, h' x <= c * h x) -> m <= t -> h t <= h m * exp (c * (t - m)).
Proof.
  intros D G [L | ->]; [| rewrite Rminus_eq_0, Rmult_0_r, exp_0; lra].
  destruct (MVT_cor2 (fun x => h x * exp (- c * x)) (fun x => (h' x - c * h x) * exp (- c * x)) m t L) as (x & E & _).
  { intros x _.
    assert (derivable_pt_lim (fun x => exp (- c * x)) x (exp (- c * x) * (- c * 1))) as DE.
    { apply (derivable_pt_lim_comp (fun x => - c * x) exp).
      - apply (derivable_pt_lim_scal (fun x => x) (- c) x 1). apply derivable_pt_lim_id.
      - apply derivable_pt_lim_exp. }
    replace ((h' x - c * h x) * exp (- c * x)) with (h' x * exp (- c * x) + h x * (exp (- c * x) * (- c * 1))) by ring.
    apply (derivable_pt_lim_mult h (fun x => exp (- c * x))); [apply D | exact DE]. }
  simpl in E.
  pose proof (exp_pos (- c * x)) as P. specialize (G x).
  assert ((h' x - c * h x) * exp (- c * x) * (t - m) <= 0) as N.
  { assert (0 <= exp (- c * x) * (t - m)) by (apply Rmult_le_pos; lra). nra. }
  assert (h t * exp (- c * t) <= h m * exp (- c * m)) as LE by lra.
  pose proof (exp_pos (c * t)) as PT.
  apply (Rmult_le_compat_r (exp (c * t))) in LE; [| lra].
  rewrite !Rmult_assoc, <- !exp_plus in LE.
  replace (- c * t + c * t) with 0 in LE by ring. rewrite exp_0, Rmult_1_r in LE.
  replace (- c * m + c * t) with (c * (t - m)) in LE by ring. exact LE.
Qed.

(* Slopes are quotients of differences: between any two points of D, f changes by some k of K times their distance. This needs no
   derivative, so kinks are allowed. *)
Definition chords (f : R -> R) (D K : R -> Prop) := forall s t, D s -> D t -> exists k, K k /\ f t - f s = k * (t - s).

Definition between (lo hi x : R) := lo <= x <= hi.

Theorem chords_of_derivative (f f' : R -> R) lo hi (K : R -> Prop) :
  (forall x, between lo hi x -> derivable_pt_lim f x (f' x)) -> (forall x, between lo hi x -> K (f' x)) ->
  chords f (between lo hi) K.
Proof.
  intros D I. unfold between in *.
  assert (forall s t, lo <= s -> s < t -> t <= hi -> exists k, K k /\ f t - f s = k * (t - s)) as W.
  { intros s t S L T. destruct (MVT_cor2 f f' s t L) as (c & E & C); [intros; apply D; lra |].
    exists (f' c). split; [apply I; lra | exact E]. }
  intros s t S T. destruct (Rtotal_order s t) as [L | [<- | L]].
  - apply W; lra.
  - exists (f' s). split; [apply I; lra | ring].
  - destruct (W t s) as (k & Kk & E); try lra. exists k. split; [exact Kk | lra].
Qed.

(* A kink: enclosures on both sides hold together. *)
Theorem chords_join (f : R -> R) a b c p q :
  a <= b <= c -> chords f (between a b) (between p q) -> chords f (between b c) (between p q) ->
  chords f (between a c) (between p q).
Proof.
  unfold between. intros O A B.
  assert (forall s t, a <= s <= b -> b <= t <= c -> exists k, p <= k <= q /\ f t - f s = k * (t - s)) as W.
  { intros s t S T.
    destruct (A s b) as (k & Kk & E); try lra. destruct (B b t) as (l & Kl & F); try lra.
    destruct (Req_dec t s) as [-> | N]; [exists k; split; [exact Kk | assert (b = s) by lra; subst; lra] |].
    assert (0 < t - s) as P by lra.
    exists ((k * (b - s) + l * (t - b)) / (t - s)). split.
    - split; apply Rmult_le_reg_r with (t - s); try lra; unfold Rdiv; rewrite Rmult_assoc, Rinv_l, Rmult_1_r by lra; nra.
    - unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. lra. }
  intros s t S T. destruct (Rle_or_lt s b), (Rle_or_lt t b).
  - apply A; lra.
  - apply W; lra.
  - destruct (W t s) as (k & Kk & E); try lra. exists k. split; [exact Kk | lra].
  - apply B; lra.
Qed.

Theorem chords_sum f g D K L :
  chords f D K -> chords g D L -> chords (fun t => f t + g t) D (fun k => exists a b, K a /\ L b /\ k = a + b).
Proof.
  intros F G s t S T. destruct (F s t S T) as (a & A & E), (G s t S T) as (b & B & H).
  exists (a + b). split; [exists a, b; auto | lra].
Qed.

Theorem chords_product f g D (X Y K L : R -> Prop) :
  chords f D K -> chords g D L -> (forall t, D t -> X (f t)) -> (forall t, D t -> Y (g t)) ->
  chords (fun t => f t * g t) D (fun k => exists x y a b, X x /\ Y y /\ K a /\ L b /\ k = a * y + b * x).
Proof.
  intros F G RX RY s t S T. destruct (F s t S T) as (a & A & E), (G s t S T) as (b & B & H).
  exists (a * g s + b * f t). split; [exists (f t), (g s), a, b; auto 6 |].
  replace (f t * g t - f s * g s) with ((f t - f s) * g s + (g t - g s) * f t) by ring. rewrite E, H. ring.
Qed.

Theorem chords_compose f g (D E K L : R -> Prop) :
  chords f E K -> chords g D L -> (forall t, D t -> E (g t)) ->
  chords (fun t => f (g t)) D (fun k => exists a b, K a /\ L b /\ k = a * b).
Proof.
  intros F G R s t S T. destruct (G s t S T) as (b & B & H), (F (g s) (g t) (R s S) (R t T)) as (a & A & Q).
  exists (a * b). split; [exists a, b; auto | rewrite Q, H; ring].
Qed.

(* All values from one value. *)
Theorem spread f D (K : R -> Prop) w h m t :
  chords f D K -> (forall k, K k -> Rabs k <= w) -> D m -> D t -> Rabs (t - m) <= h -> ball (f m) (w * h) (f t).
Proof.
  intros F B M T H. destruct (F m t M T) as (k & Kk & E). unfold ball. rewrite E, Rabs_mult.
  apply Rmult_le_compat; auto using Rabs_pos.
Qed.

(* Newton's step: where the zero is, if there is one. *)
Theorem newton f D (K : R -> Prop) m t :
  chords f D K -> ~ K 0 -> D m -> D t -> f t = 0 -> exists k, K k /\ t = m - f m / k.
Proof.
  intros F N M T Z. destruct (F m t M T) as (k & Kk & E). exists k. split; [exact Kk |].
  assert (k <> 0) as P by (intros ->; contradiction). rewrite Z in E.
  assert (f m = - (k * (t - m))) as -> by lra. field. exact P.
Qed.

(* Slopes above 0. *)
Definition positive (k : R) := 0 < k.

Theorem rises f D s t : chords f D positive -> D s -> D t -> s < t -> f s < f t.
Proof.
  unfold positive. intros F S T L. destruct (F s t S T) as (k & P & E).
  assert (0 < k * (t - s)) by (apply Rmult_lt_0_compat; lra). lra.
Qed.

Theorem one_zero f D s t : chords f D positive -> D s -> D t -> f s = 0 -> f t = 0 -> s = t.
Proof.
  intros F S T E H. destruct (Rtotal_order s t) as [L | [Q | L]]; [| exact Q |];
    [pose proof (rises f D s t F S T L) | pose proof (rises f D t s F T S L)]; lra.
Qed.

(* The half in which the zero is. *)
Theorem half f D m t : chords f D positive -> D m -> D t -> f t = 0 -> (0 < f m -> t < m) /\ (f m < 0 -> m < t).
Proof.
  intros F M T Z. split; intros S; destruct (Rtotal_order t m) as [L | [-> | L]]; try lra;
    [pose proof (rises f D m t F M T L) | pose proof (rises f D t m F T M L)]; lra.
Qed.

(* Nothing inside where the start is not below 0, or the end not above. *)
Theorem no_crossing f lo hi :
  chords f (between lo hi) positive ->
  (0 <= f lo -> forall t, lo < t <= hi -> 0 < f t) /\ (f hi <= 0 -> forall t, lo <= t < hi -> f t < 0).
Proof.
  intros F. split; intros S t [L H].
  - pose proof (rises f _ lo t F). unfold between in *. lra.
  - pose proof (rises f _ t hi F). unfold between in *. lra.
Qed.

(* Exactly one crossing where the signs differ. A bound of the slopes makes f continuous. *)
Theorem crossing f lo hi w :
  lo <= hi -> chords f (between lo hi) (fun k => 0 < k <= w) -> f lo < 0 -> 0 < f hi ->
  exists t, lo < t < hi /\ f t = 0 /\ (forall s, lo <= s < t -> f s < 0) /\ (forall s, t < s <= hi -> 0 < f s).
Proof.
  intros O F A B. set (clamp := fun t => Rmax lo (Rmin t hi)).
  assert (forall t, between lo hi (clamp t)) as C.
  { intros t. unfold clamp, between. split; [apply Rmax_l | apply Rmax_lub; [lra | apply Rmin_r]]. }
  assert (forall t, between lo hi t -> clamp t = t) as I.
  { unfold clamp, between. intros t [L H]. rewrite Rmin_left, Rmax_right; lra. }
  assert (forall s t, Rabs (clamp t - clamp s) <= Rabs (t - s)) as N.
  { intros s t. unfold clamp, Rmax, Rmin, Rabs. repeat destruct Rle_dec; repeat destruct Rcase_abs; lra. }
  assert (0 < w) as W by (destruct (F lo lo) as (k & Kk & _); unfold between; lra).
  set (g := fun t => f (clamp t)).
  assert (continuity g) as G.
  { intros x e E. exists (e / w). split; [apply Rdiv_lt_0_compat; lra |].
    intros y [_ Y]. simpl in *. unfold R_dist, g in *.
    destruct (F (clamp x) (clamp y) (C x) (C y)) as (k & Kk & Q). rewrite Q, Rabs_mult, (Rabs_right k) by lra.
    specialize (N x y). pose proof (Rabs_pos (clamp y - clamp x)).
    assert (w * Rabs (y - x) < e) as Z.
    { apply (Rmult_lt_compat_l w) in Y; [| lra]. replace (w * (e / w)) with e in Y by (field; lra). exact Y. }
    assert (k * Rabs (clamp y - clamp x) <= w * Rabs (y - x)) by (apply Rmult_le_compat; lra). lra. }
  assert (lo < hi) as L by (destruct O as [L | ->]; lra).
  destruct (IVT g lo hi G L) as (t & T & Z).
  { unfold g. rewrite I; unfold between; lra. }
  { unfold g. rewrite I; unfold between; lra. }
  unfold g in Z. rewrite I in Z by exact T.
  assert (chords f (between lo hi) positive) as P.
  { intros a b X Y. destruct (F a b X Y) as (k & Kk & Q). exists k. unfold positive. split; [lra | exact Q]. }
  exists t. split; [| split; [exact Z | split]].
  - split; [destruct (Req_dec lo t) as [E | E] | destruct (Req_dec t hi) as [E | E]]; try (rewrite E in *; lra); lra.
  - intros s S. pose proof (rises f _ s t P). unfold between in *. lra.
  - intros s S. pose proof (rises f _ t s P). unfold between in *. lra.
Qed.

(* What falls is the opposite of what rises. *)
Theorem chords_opposite f D (K : R -> Prop) : chords f D K -> chords (fun t => - f t) D (fun k => K (- k)).
Proof.
  intros F s t S T. destruct (F s t S T) as (k & Kk & E). exists (- k). rewrite Ropp_involutive. split; [exact Kk | lra].
Qed.
