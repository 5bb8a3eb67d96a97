(* The error bound of the filter (proofs/filter.md, sections 2, 3 and 6, and src/complex/layer.rs): an inner product in binary64, in any order of
   summation and with any multiplications fused into additions, and what a layer makes of the errors of its inputs. *)

From Coq Require Import Reals Lra Lia List.
Import ListNotations.
From Flocq Require Import Core.
From Plica Require Import Constants Rounding.

Open Scope R_scope.

(* How a sum of products and a bias may be computed. *)
Inductive tree :=
  | Zero
  | Bias
  | Term (k : nat)
  | Add (s t : tree)
  | Fma (k : nat) (s : tree).

(* The most roundings that a part of the sum passes. *)
Fixpoint height s := match s with
  | Zero | Bias => 0%nat
  | Term _ => 1%nat
  | Add s t => S (Nat.max (height s) (height t))
  | Fma _ s => S (height s)
  end.

(* How many products there are. *)
Fixpoint terms s := match s with
  | Zero | Bias => 0%nat
  | Term _ => 1%nat
  | Add s t => (terms s + terms t)%nat
  | Fma _ s => S (terms s)
  end.

(* The error of what is summed, with the underflow of m products, each carried on by the roundings after it. *)
Definition within n m s v x := Rabs (v - x) <= gamma n * s + INR m * eta * (1 + gamma n).

Lemma within_monotone n n' m s v x : (n <= n')%nat -> INR n' * u < 1 -> 0 <= s -> within n m s v x -> within n' m s v x.
Proof.
  unfold within. intros L N S W. pose proof (gamma_monotone n n' L N) as G. pose proof eta_pos. pose proof (pos_INR m).
  eapply Rle_trans; [exact W |]. assert (0 <= INR m * eta) by nra. nra.
Qed.

(* A rounding (1 + d) v + e of a value v within n roundings of x, where |x| <= s. *)
Lemma within_round n m m' s v x d e :
  INR (S n) * u < 1 -> 0 <= s -> Rabs x <= s -> within n m s v x -> Rabs d <= u -> Rabs e <= INR m' * eta ->
  within (S n) (m + m') s (v * (1 + d) + e) x.
Proof.
  unfold within. intros L Hs X W D E. pose proof eta_pos as P. pose proof u_pos as U.
  assert (N : INR n * u < 1) by (rewrite S_INR in L; pose proof u_pos; lra).
  pose proof (gamma_nonneg n N) as Z. pose proof (gamma_nonneg (S n) L) as Z'.
  pose proof (error_step n s d Hs D L) as Q. pose proof (gamma_step n L) as G.
  assert (A : Rabs (1 + d) <= 1 + u). { eapply Rle_trans; [apply Rabs_triang |]. rewrite Rabs_R1. lra. }
  replace (v * (1 + d) + e - x) with ((v - x) * (1 + d) + x * d + e) by ring.
  eapply Rle_trans; [apply Rabs_triang |]. eapply Rle_trans; [apply Rplus_le_compat_r, Rabs_triang |].
  rewrite !Rabs_mult.
  assert (Rabs x * Rabs d <= s * Rabs d) by (apply Rmult_le_compat_r; [apply Rabs_pos | exact X]).
  assert (Rabs (v - x) * Rabs (1 + d) <= (gamma n * s + INR m * eta * (1 + gamma n)) * Rabs (1 + d))
    by (apply Rmult_le_compat_r; [apply Rabs_pos | exact W]).
  pose proof (pos_INR m). pose proof (pos_INR m').
  assert (M : 0 <= INR m * eta) by nra. assert (M' : 0 <= INR m' * eta) by nra.
  assert (INR m * eta * (1 + gamma n) * Rabs (1 + d) <= INR m * eta * (1 + gamma (S n))).
  { rewrite Rmult_assoc. apply Rmult_le_compat_l; [exact M |]. eapply Rle_trans; [| exact G]. apply Rmult_le_compat_l; lra. }
  assert (INR m' * eta <= INR m' * eta * (1 + gamma (S n))).
  { rewrite <- (Rmult_1_r (INR m' * eta)) at 1. apply Rmult_le_compat_l; lra. }
  rewrite plus_INR. lra.
Qed.

Lemma within_sum n m m' s s' v v' x x' :
  within n m s v x -> within n m' s' v' x' -> within n (m + m') (s + s') (v + v') (x + x').
Proof.
  unfold within. intros A B. replace (v + v' - (x + x')) with ((v - x) + (v' - x')) by ring.
  eapply Rle_trans; [apply Rabs_triang |]. rewrite plus_INR. lra.
Qed.

Lemma within_exact n s x : INR n * u < 1 -> 0 <= s -> within n 0 s x x.
Proof.
  unfold within. intros N Hs. pose proof (gamma_nonneg n N). rewrite Rminus_diag_eq by reflexivity. rewrite Rabs_R0. simpl.
  assert (0 <= gamma n * s) by (apply Rmult_le_pos; assumption). lra.
Qed.

Section Product.

(* Weights, inputs and bias, as doubles. *)
Variables (w h : nat -> R) (b : R).
Hypothesis bias_format : format b.

(* What is computed. *)
Fixpoint eval s := match s with
  | Zero => 0
  | Bias => b
  | Term k => rnd (w k * h k)
  | Add s t => rnd (eval s + eval t)
  | Fma k s => rnd (w k * h k + eval s)
  end.

(* What it stands for, and the sum of the sizes of its parts. *)
Fixpoint exact s := match s with
  | Zero => 0
  | Bias => b
  | Term k => w k * h k
  | Add s t => exact s + exact t
  | Fma k s => w k * h k + exact s
  end.

Fixpoint size s := match s with
  | Zero => 0
  | Bias => Rabs b
  | Term k => Rabs (w k * h k)
  | Add s t => size s + size t
  | Fma k s => Rabs (w k * h k) + size s
  end.

Lemma eval_format s : format (eval s).
Proof. destruct s; simpl; try apply rnd_format; [apply generic_format_0 | exact bias_format]. Qed.

Lemma size_nonneg s : 0 <= size s.
Proof.
  induction s as [| | k | s IHs t IHt | k s IHs]; simpl; try lra; try apply Rabs_pos.
  pose proof (Rabs_pos (w k * h k)). lra.
Qed.

Lemma exact_le_size s : Rabs (exact s) <= size s.
Proof.
  induction s as [| | k | s IHs t IHt | k s IHs]; simpl; try lra; [rewrite Rabs_R0; lra | |];
    (eapply Rle_trans; [apply Rabs_triang | lra]).
Qed.

(* Any order of summation, any fusing. *)
Theorem inner_product s : INR (height s) * u < 1 -> within (height s) (terms s) (size s) (eval s) (exact s).
Proof.
  pose proof u_pos as U.
  induction s as [| | k | s IHs t IHt | k s IHs]; cbn [height terms size eval exact]; intros L.
  - apply within_exact; [exact L | lra].
  - apply within_exact; [exact L | apply Rabs_pos].
  - destruct (rnd_model (w k * h k)) as (d & e & D & E & ->).
    apply (within_round 0 0 1); try assumption.
    + apply Rabs_pos.
    + apply Rle_refl.
    + apply within_exact; [simpl; lra | apply Rabs_pos].
    + simpl. lra.
  - set (n := Nat.max (height s) (height t)) in *.
    assert (N : INR n * u < 1) by (rewrite S_INR in L; lra).
    assert (Hs : (height s <= n)%nat) by apply Nat.le_max_l. assert (Ht : (height t <= n)%nat) by apply Nat.le_max_r.
    assert (As : INR (height s) * u < 1) by (pose proof (le_INR _ _ Hs); nra).
    assert (At : INR (height t) * u < 1) by (pose proof (le_INR _ _ Ht); nra).
    destruct (rnd_plus _ _ (eval_format s) (eval_format t)) as (d & D & ->).
    pose proof (size_nonneg s). pose proof (size_nonneg t).
    replace ((eval s + eval t) * (1 + d)) with ((eval s + eval t) * (1 + d) + 0) by ring.
    replace (terms s + terms t)%nat with ((terms s + terms t) + 0)%nat by lia.
    apply within_round; try assumption; [lra | | |].
    + eapply Rle_trans; [apply Rabs_triang | apply Rplus_le_compat; apply exact_le_size].
    + apply within_sum; [apply within_monotone with (height s) | apply within_monotone with (height t)]; auto.
    + rewrite Rabs_R0. simpl. lra.
  - assert (N : INR (height s) * u < 1) by (rewrite S_INR in L; lra).
    destruct (rnd_model (w k * h k + eval s)) as (d & e & D & E & ->).
    pose proof (size_nonneg s). pose proof (Rabs_pos (w k * h k)).
    replace (S (terms s)) with (terms s + 1)%nat by lia.
    apply within_round; try assumption; [lra | | |].
    + eapply Rle_trans; [apply Rabs_triang | apply Rplus_le_compat_l, exact_le_size].
    + change (terms s) with (0 + terms s)%nat. apply within_sum; [apply within_exact; [exact N | apply Rabs_pos] | auto].
    + simpl. lra.
Qed.

End Product.

(* The sum as the code takes it (src/exact/product.rs): in blocks, each in any order, one block after the other, then the bias. *)
Definition depth n := (Nat.min n block + (n + (block - 1)) / block + 1)%nat.

Fixpoint of_blocks (blocks : list tree) := match blocks with
  | [] => Zero
  | s :: blocks => Add (of_blocks blocks) s
  end.

Lemma of_blocks_height m blocks : Forall (fun s => (height s <= m)%nat) blocks -> (height (of_blocks blocks) <= m + length blocks)%nat.
Proof. induction 1; simpl; lia. Qed.

(* A block of so many products passes each of them through no more roundings than its products and one, whatever the order. *)
Theorem blocked_height n blocks :
  Forall (fun s => (height s <= S (Nat.min n block))%nat) blocks -> (length blocks <= (n + (block - 1)) / block)%nat ->
  (height (Add (of_blocks blocks) Bias) <= S (depth n))%nat.
Proof. intros H L. pose proof (of_blocks_height _ _ H). unfold depth. set (q := ((n + (block - 1)) / block)%nat) in *. cbn [height]. lia. Qed.

(* One term after the other, then the bias. *)
Fixpoint plain n := match n with
  | O => Zero
  | S n => Add (plain n) (Term n)
  end.

Lemma plain_height n : (height (Add (plain n) Bias) <= n + 2)%nat.
Proof.
  assert (H : (height (plain n) <= n + 1)%nat) by (induction n; cbn [plain height]; lia).
  cbn [height]. lia.
Qed.

(* Added to what must cover underflow. *)
Definition tiny := bpow radix2 tiny_exponent.

Lemma tiny_pos : 0 < tiny.
Proof. apply bpow_gt_0. Qed.

Lemma gamma_below_one n : INR n <= 1073741824 -> gamma n <= 1.
Proof.
  intros L. pose proof u_small as V. pose proof (pos_INR n). unfold gamma.
  apply Rmult_le_reg_r with (1 - INR n * u); [rewrite V; lra |]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l by (rewrite V; lra). rewrite V. lra.
Qed.

Lemma underflow_is_tiny m n : INR m <= 1073741824 -> INR n <= 1073741824 -> INR m * eta * (1 + gamma n) <= tiny * u.
Proof.
  intros M N. pose proof (gamma_below_one n N) as G. pose proof eta_pos as P. pose proof (pos_INR m).
  apply Rle_trans with (2147483648 * eta).
  - assert (0 <= INR m * eta) by (apply Rmult_le_pos; lra). assert (INR m * eta <= 1073741824 * eta) by (apply Rmult_le_compat_r; lra).
    apply Rle_trans with (INR m * eta * 2); [apply Rmult_le_compat_l; lra | lra].
  - unfold tiny, eta. rewrite u_value. replace (/ 2) with (bpow radix2 (-1)) by (simpl; lra).
    replace 2147483648 with (bpow radix2 31) by (simpl; lra). rewrite <- !bpow_plus. apply bpow_le. lia.
Qed.

Lemma one_over n : INR n <= 1073741824 -> INR n * u < 1.
Proof. intros L. rewrite u_small. lra. Qed.

(* Products of doubles, with the constant of the code. *)
Theorem product_bound w h b s n :
  format b -> (height s <= n)%nat -> (0 < n)%nat -> INR n <= 1073741824 -> INR (terms s) <= 1073741824 ->
  Rabs (eval w h b s - exact w h b s) <= code_gamma n * size w h b s + tiny * u.
Proof.
  intros B H Z N M. pose proof (one_over n N) as L. pose proof (size_nonneg w h b s) as S.
  assert (I : INR (height s) * u < 1).
  { pose proof u_pos. apply Rle_lt_trans with (INR n * u); [apply Rmult_le_compat_r; [lra | apply le_INR; exact H] | exact L]. }
  pose proof (within_monotone _ n _ _ _ _ H L S (inner_product w h b B s I)) as W. unfold within in W.
  pose proof (underflow_is_tiny (terms s) n M N) as T. pose proof (code_gamma_bounds n Z N) as G.
  assert (gamma n * size w h b s <= code_gamma n * size w h b s) by (apply Rmult_le_compat_r; assumption). lra.
Qed.

(* Weights and inputs that were rationals before they were rounded: two roundings more. *)
Lemma rounded_sums w h W H b s :
  (forall k, exists d, Rabs d <= u /\ w k = W k * (1 + d)) -> (forall k, exists d, Rabs d <= u /\ h k = H k * (1 + d)) ->
  Rabs (exact w h b s - exact W H b s) <= ((1 + u) * (1 + u) - 1) * size W H b s /\
  size w h b s <= (1 + u) * (1 + u) * size W H b s.
Proof.
  intros Rw Rh. pose proof u_pos as U.
  assert (P : forall k, Rabs (w k * h k - W k * H k) <= ((1 + u) * (1 + u) - 1) * Rabs (W k * H k) /\
                        Rabs (w k * h k) <= (1 + u) * (1 + u) * Rabs (W k * H k)).
  { intros k. destruct (Rw k) as (d & D & ->). destruct (Rh k) as (d' & D' & ->). apply Rabs_le_inv in D. apply Rabs_le_inv in D'.
    replace (W k * (1 + d) * (H k * (1 + d')) - W k * H k) with (W k * H k * ((1 + d) * (1 + d') - 1)) by ring.
    replace (W k * (1 + d) * (H k * (1 + d'))) with (W k * H k * ((1 + d) * (1 + d'))) by ring.
    pose proof u_small. rewrite !Rabs_mult. rewrite <- Rabs_mult. pose proof (Rabs_pos (W k * H k)) as Q.
    assert (Rabs ((1 + d) * (1 + d') - 1) <= (1 + u) * (1 + u) - 1) by (apply Rabs_le; split; nra).
    assert (Rabs (1 + d) * Rabs (1 + d') <= (1 + u) * (1 + u)).
    { apply Rmult_le_compat; try apply Rabs_pos; apply Rabs_le; lra. }
    split; rewrite (Rmult_comm (Rabs (W k * H k))); apply Rmult_le_compat_r; assumption. }
  induction s as [| | k | s [E S] t [E' S'] | k s [E S]]; cbn [exact size].
  - rewrite Rminus_diag_eq by reflexivity. rewrite Rabs_R0. lra.
  - rewrite Rminus_diag_eq by reflexivity. rewrite Rabs_R0. pose proof (Rabs_pos b).
    assert (0 <= u * u) by nra. split; nra.
  - apply P.
  - replace (exact w h b s + exact w h b t - (exact W H b s + exact W H b t))
      with ((exact w h b s - exact W H b s) + (exact w h b t - exact W H b t)) by ring.
    split; [eapply Rle_trans; [apply Rabs_triang |] |]; lra.
  - destruct (P k) as [Ek Sk].
    replace (w k * h k + exact w h b s - (W k * H k + exact W H b s)) with ((w k * h k - W k * H k) + (exact w h b s - exact W H b s)) by ring.
    split; [eapply Rle_trans; [apply Rabs_triang |] |]; lra.
Qed.

Theorem product_bound_rational w h W H b s n :
  format b -> (forall k, exists d, Rabs d <= u /\ w k = W k * (1 + d)) -> (forall k, exists d, Rabs d <= u /\ h k = H k * (1 + d)) ->
  (height s + 2 <= n)%nat -> INR n <= 1073741824 -> INR (terms s) <= 1073741824 ->
  Rabs (eval w h b s - exact W H b s) <= code_gamma n * size W H b s + tiny * u.
Proof.
  intros B Rw Rh L N M. destruct (rounded_sums w h W H b s Rw Rh) as [E Sz].
  pose proof u_pos as U. pose proof (size_nonneg W H b s) as Z. pose proof (one_over n N) as O.
  assert (A : INR (S (S (height s))) <= INR n) by (apply le_INR; lia).
  assert (O2 : INR (S (S (height s))) * u < 1) by (apply Rle_lt_trans with (INR n * u); [apply Rmult_le_compat_r; lra | exact O]).
  assert (O1 : INR (S (height s)) * u < 1) by (rewrite S_INR in O2; lra).
  assert (O0 : INR (height s) * u < 1) by (rewrite S_INR in O1; lra).
  pose proof (inner_product w h b B s O0) as W0. unfold within in W0.
  pose proof (gamma_nonneg _ O0) as G0.
  pose proof (gamma_step _ O1) as G1. pose proof (gamma_step _ O2) as G2.
  pose proof (gamma_monotone (S (S (height s))) n ltac:(lia) O) as G3.
  pose proof (code_gamma_bounds n ltac:(lia) N) as G4.
  assert (N0 : INR (height s) <= 1073741824) by (rewrite !S_INR in A; lra).
  pose proof (underflow_is_tiny (terms s) (height s) M N0) as T.
  replace (eval w h b s - exact W H b s) with ((eval w h b s - exact w h b s) + (exact w h b s - exact W H b s)) by ring.
  eapply Rle_trans; [apply Rabs_triang |].
  set (q := (1 + u) * (1 + u)) in *. set (z := size W H b s) in *. set (g := gamma (height s)) in *.
  assert (g * size w h b s <= g * (q * z)) by (apply Rmult_le_compat_l; assumption).
  assert (K : (1 + g) * q <= 1 + code_gamma n).
  { unfold q. apply Rle_trans with ((1 + gamma (S (height s))) * (1 + u)); [| lra].
    rewrite <- Rmult_assoc. apply Rmult_le_compat_r; [lra | exact G1]. }
  assert (((1 + g) * q - 1) * z <= code_gamma n * z) by (apply Rmult_le_compat_r; lra).
  replace (((1 + g) * q - 1) * z) with (g * (q * z) + (q - 1) * z) in * by ring. lra.
Qed.

(* The constants of the code count enough roundings: `product` and `sequential` of src/exact/bound.rs. *)
Theorem blocked_product w h W H b n blocks :
  format b -> (forall k, exists d, Rabs d <= u /\ w k = W k * (1 + d)) -> (forall k, exists d, Rabs d <= u /\ h k = H k * (1 + d)) ->
  Forall (fun s => (height s <= S (Nat.min n block))%nat) blocks -> (length blocks <= (n + (block - 1)) / block)%nat ->
  let s := Add (of_blocks blocks) Bias in
  INR (depth n + product_spare) <= 1073741824 -> INR (terms s) <= 1073741824 ->
  Rabs (eval w h b s - exact W H b s) <= code_gamma (depth n + product_spare) * size W H b s + tiny * u.
Proof.
  intros B Rw Rh F L s N T. apply product_bound_rational; try assumption.
  pose proof (blocked_height n blocks F L) as D. fold s in D. lia.
Qed.

Theorem plain_product w h W H b n :
  format b -> (forall k, exists d, Rabs d <= u /\ w k = W k * (1 + d)) -> (forall k, exists d, Rabs d <= u /\ h k = H k * (1 + d)) ->
  let s := Add (plain n) Bias in
  INR (n + sequential_spare) <= 1073741824 -> INR (terms s) <= 1073741824 ->
  Rabs (eval w h b s - exact W H b s) <= code_gamma (n + sequential_spare) * size W H b s + tiny * u.
Proof.
  intros B Rw Rh s N T. apply product_bound_rational; try assumption.
  pose proof (plain_height n) as D. fold s in D. lia.
Qed.

(* A layer: what the errors of its inputs become (src/complex/layer.rs). *)
Fixpoint row w s := match s with
  | Zero | Bias => 0
  | Term k => Rabs (w k)
  | Add s t => row w s + row w t
  | Fma k s => Rabs (w k) + row w s
  end.

Fixpoint biases b s := match s with
  | Zero | Term _ => 0
  | Bias => Rabs b
  | Add s t => biases b s + biases b t
  | Fma _ s => biases b s
  end.

Lemma product_moves w x y e : Rabs (x - y) <= e -> Rabs (w * x - w * y) <= Rabs w * e.
Proof.
  intros L. replace (w * x - w * y) with (w * (x - y)) by ring. rewrite Rabs_mult. apply Rmult_le_compat_l; [apply Rabs_pos | exact L].
Qed.

Lemma exact_moves w h h' b e s : (forall k, Rabs (h' k - h k) <= e) -> Rabs (exact w h' b s - exact w h b s) <= row w s * e.
Proof.
  intros L. induction s as [| | k | s IHs t IHt | k s IHs]; cbn [exact row].
  - rewrite Rminus_diag_eq by reflexivity. rewrite Rabs_R0. lra.
  - rewrite Rminus_diag_eq by reflexivity. rewrite Rabs_R0. lra.
  - apply product_moves, L.
  - replace (exact w h' b s + exact w h' b t - (exact w h b s + exact w h b t))
      with ((exact w h' b s - exact w h b s) + (exact w h' b t - exact w h b t)) by ring.
    eapply Rle_trans; [apply Rabs_triang | lra].
  - pose proof (product_moves (w k) _ _ _ (L k)).
    replace (w k * h' k + exact w h' b s - (w k * h k + exact w h b s))
      with ((w k * h' k - w k * h k) + (exact w h' b s - exact w h b s)) by ring.
    eapply Rle_trans; [apply Rabs_triang | lra].
Qed.

Lemma size_of_row w h b r s : (forall k, Rabs (h k) <= r) -> size w h b s <= row w s * r + biases b s.
Proof.
  intros L. assert (P : forall k, Rabs (w k * h k) <= Rabs (w k) * r).
  { intros k. rewrite Rabs_mult. apply Rmult_le_compat_l; [apply Rabs_pos | apply L]. }
  induction s as [| | k | s IHs t IHt | k s IHs]; cbn [size row biases]; try pose proof (P k); lra.
Qed.

Definition layer_error n rows error reach bias := rows * error + code_gamma n * (rows * reach + bias) + tiny.

(* The computed value on computed inputs, against the true value on the true ones. *)
Theorem layer_bound w h h' b s n rows error reach bias :
  format b -> (height s <= n)%nat -> (0 < n)%nat -> INR n <= 1073741824 -> INR (terms s) <= 1073741824 ->
  (forall k, Rabs (h' k - h k) <= error) -> (forall k, Rabs (h' k) <= reach) ->
  row w s <= rows -> biases b s <= bias ->
  Rabs (eval w h' b s - exact w h b s) <= layer_error n rows error reach bias.
Proof.
  intros F H Z N M E A Rw Bs. unfold layer_error.
  pose proof (product_bound w h' b s n F H Z N M) as P.
  pose proof (exact_moves w h h' b error s E) as Q. pose proof (size_of_row w h' b reach s A) as S.
  pose proof (Rabs_pos (h' 0%nat - h 0%nat)) as E0. pose proof (E 0%nat) as E1.
  pose proof (Rabs_pos (h' 0%nat)) as A0. pose proof (A 0%nat) as A1.
  assert (G : 0 <= code_gamma n).
  { eapply Rle_trans; [apply gamma_nonneg, one_over, N | apply code_gamma_bounds; assumption]. }
  assert (row w s * error <= rows * error) by (apply Rmult_le_compat_r; lra).
  assert (row w s * reach <= rows * reach) by (apply Rmult_le_compat_r; lra).
  assert (code_gamma n * size w h' b s <= code_gamma n * (rows * reach + bias)) by (apply Rmult_le_compat_l; lra).
  pose proof tiny_pos as T. pose proof u_small as V.
  assert (tiny * u <= tiny) by (rewrite V; lra).
  replace (eval w h' b s - exact w h b s) with ((eval w h' b s - exact w h' b s) + (exact w h' b s - exact w h b s)) by ring.
  eapply Rle_trans; [apply Rabs_triang | lra].
Qed.

(* max(., 0) does not expand distances: what holds of the values of a layer holds of its outputs. *)
Theorem relu_lipschitz x y : Rabs (Rmax 0 x - Rmax 0 y) <= Rabs (x - y).
Proof. unfold Rmax. destruct (Rle_dec 0 x), (Rle_dec 0 y); unfold Rabs; repeat destruct Rcase_abs; lra. Qed.

(* A value that exceeds its bound has the sign of the truth. *)
Theorem decision z z' bound : Rabs (z' - z) <= bound -> bound < Rabs z' -> (0 < z' <-> 0 < z) /\ (z' < 0 <-> z < 0) /\ z <> 0.
Proof. unfold Rabs. repeat destruct Rcase_abs; lra. Qed.

(* The bound itself is computed in doubles, each step rounded, and rounded up at the end: it is a bound again. *)
Lemma rnd_nonneg x : 0 <= x -> 0 <= rnd x.
Proof. intros L. rewrite <- (rnd_of_format 0) by apply generic_format_0. apply rnd_monotone, L. Qed.

Lemma rnd_loses x : 0 <= x -> x * (1 - u) - eta <= rnd x.
Proof.
  intros L. destruct (rnd_model x) as (d & e & D & E & ->). apply Rabs_le_inv in D. apply Rabs_le_inv in E. nra.
Qed.

Definition computed_layer_error n rows error reach bias :=
  round_up (rnd (rnd (rnd (rows * error) + rnd (code_gamma n * rnd (rnd (rows * reach) + bias))) + tiny)).

Theorem layer_error_computed n rows error reach bias :
  (0 < n)%nat -> INR n <= 1073741824 -> code_gamma n <= 1 -> 0 <= rows -> 0 <= error -> 0 <= reach -> 0 <= bias ->
  layer_error n rows error reach bias <= computed_layer_error n rows error reach bias.
Proof.
  intros Z N G1 P1 P2 P3 P4. pose proof u_small as V. pose proof u_pos as U. pose proof eta_pos as T. pose proof tiny_pos as Y.
  assert (G : 0 <= code_gamma n).
  { eapply Rle_trans; [apply gamma_nonneg, one_over, N | apply code_gamma_bounds; assumption]. }
  unfold layer_error, computed_layer_error.
  set (g := code_gamma n) in *. set (x := rows * error). set (y := rows * reach).
  assert (X0 : 0 <= x) by (apply Rmult_le_pos; assumption). assert (Y0 : 0 <= y) by (apply Rmult_le_pos; assumption).
  set (k := 1 - u). assert (K0 : 0 <= k) by (unfold k; rewrite V; lra). assert (K1 : k <= 1) by (unfold k; lra).
  pose proof (rnd_loses x X0) as A. pose proof (rnd_nonneg x X0) as A0. fold k in A. set (a := rnd x) in *.
  pose proof (rnd_loses y Y0) as B. pose proof (rnd_nonneg y Y0) as B0. fold k in B. set (p := rnd y) in *.
  assert (Pb : 0 <= p + bias) by lra.
  pose proof (rnd_loses _ Pb) as C. pose proof (rnd_nonneg _ Pb) as C0. fold k in C. set (q := rnd (p + bias)) in *.
  assert (Gq : 0 <= g * q) by (apply Rmult_le_pos; assumption).
  pose proof (rnd_loses _ Gq) as D. pose proof (rnd_nonneg _ Gq) as D0. fold k in D. set (m := rnd (g * q)) in *.
  assert (Am : 0 <= a + m) by lra.
  pose proof (rnd_loses _ Am) as E. pose proof (rnd_nonneg _ Am) as E0. fold k in E. set (c := rnd (a + m)) in *.
  assert (Ct : 0 <= c + tiny) by lra.
  pose proof (rnd_loses _ Ct) as F. fold k in F. set (f := rnd (c + tiny)) in *.
  (* Each step loses a factor k and eta. *)
  assert (Q1 : (y + bias) * (k * k) - 2 * eta <= q).
  { apply Rle_trans with ((y * k - eta + bias) * k - eta); [| apply Rle_trans with ((p + bias) * k - eta); [| exact C]].
    - assert (bias * k * k <= bias * k) by (rewrite <- (Rmult_1_r (bias * k)) at 2; apply Rmult_le_compat_l; [apply Rmult_le_pos |]; assumption).
      assert (eta * k <= eta) by (rewrite <- (Rmult_1_r eta) at 2; apply Rmult_le_compat_l; lra).
      nra.
    - apply Rplus_le_compat_r, Rmult_le_compat_r; lra. }
  set (z := g * (y + bias)). assert (Z0 : 0 <= z) by (apply Rmult_le_pos; lra).
  assert (M1 : z * (k * k * k) - 3 * eta <= m).
  { apply Rle_trans with (g * ((y + bias) * (k * k) - 2 * eta) * k - eta).
    - assert (g * k <= 1) by (replace 1 with (1 * 1) by ring; apply Rmult_le_compat; assumption).
      assert (g * k * (2 * eta) <= 1 * (2 * eta)) by (apply Rmult_le_compat_r; lra). unfold z. nra.
    - apply Rle_trans with (g * q * k - eta); [| exact D].
      apply Rplus_le_compat_r, Rmult_le_compat_r; [exact K0 |]. apply Rmult_le_compat_l; assumption. }
  set (j := k * k * k * k * k). set (t := x + z + tiny).
  assert (T0 : 0 <= t) by (unfold t; lra).
  assert (J : t * j - 6 * eta <= f).
  { assert (H1 : eta * k <= eta) by (rewrite <- (Rmult_1_r eta) at 2; apply Rmult_le_compat_l; lra).
    assert (k2 : k * k <= k) by (rewrite <- (Rmult_1_r k) at 3; apply Rmult_le_compat_l; lra). assert (0 <= k * k) by (apply Rmult_le_pos; lra).
    assert (k3 : k * k * k <= k * k) by (rewrite <- (Rmult_1_r (k * k)) at 2; apply Rmult_le_compat_l; lra). assert (0 <= k * k * k) by (apply Rmult_le_pos; lra).
    assert (k4 : k * k * k * k <= k * k * k) by (rewrite <- (Rmult_1_r (k * k * k)) at 2; apply Rmult_le_compat_l; lra). assert (0 <= k * k * k * k) by (apply Rmult_le_pos; lra).
    assert (k5 : j <= k * k * k * k) by (unfold j; rewrite <- (Rmult_1_r (k * k * k * k)) at 2; apply Rmult_le_compat_l; lra).
    assert (Cc : x * (k * k) + z * (k * k * k * k) - 5 * eta <= c).
    { apply Rle_trans with ((x * k - eta + (z * (k * k * k) - 3 * eta)) * k - eta); [nra |].
      apply Rle_trans with ((a + m) * k - eta); [| exact E]. apply Rplus_le_compat_r, Rmult_le_compat_r; lra. }
    apply Rle_trans with ((x * (k * k) + z * (k * k * k * k) - 5 * eta + tiny) * k - eta).
    - assert (x * j <= x * (k * k * k)) by (apply Rmult_le_compat_l; lra).
      assert (tiny * j <= tiny * k) by (apply Rmult_le_compat_l; lra).
      replace (t * j) with (x * j + z * j + tiny * j) by (unfold t; ring).
      replace (z * j) with (z * (k * k * k * k) * k) by (unfold j; ring). nra.
    - apply Rle_trans with ((c + tiny) * k - eta); [| exact F]. apply Rplus_le_compat_r, Rmult_le_compat_r; lra. }
  assert (Je : 1 - 5 * u <= j).
  { assert (1 - 2 * u <= k * k) by (unfold k; nra). assert (1 - 4 * u <= (k * k) * (k * k)).
    { apply Rle_trans with ((1 - 2 * u) * (1 - 2 * u)); [nra |]. apply Rmult_le_compat; rewrite ?V in *; try assumption; lra. }
    unfold j. replace (k * k * k * k * k) with ((k * k) * (k * k) * k) by ring.
    apply Rle_trans with ((1 - 4 * u) * k); [unfold k; nra |]. apply Rmult_le_compat_r; assumption. }
  assert (H6 : 6 * eta <= tiny * u).
  { apply Rle_trans with (8 * eta); [lra |]. unfold tiny, eta. rewrite u_value. replace (/ 2) with (bpow radix2 (-1)) by (simpl; lra).
    replace 8 with (bpow radix2 3) by (simpl; lra). rewrite <- !bpow_plus. apply bpow_le. lia. }
  assert (Tt : tiny <= t) by (unfold t; lra).
  assert (Ff : t * (1 - 6 * u) <= f).
  { assert (tiny * u <= t * u) by (apply Rmult_le_compat_r; lra). assert (t * (1 - 5 * u) <= t * j) by (apply Rmult_le_compat_l; assumption). lra. }
  assert (L : bpow radix2 (-900) <= f).
  { apply Rle_trans with (tiny * / 2).
    - unfold tiny. replace (/ 2) with (bpow radix2 (-1)) by (simpl; lra). rewrite <- bpow_plus. apply bpow_le. lia.
    - apply Rle_trans with (t * (1 - 6 * u)); [| exact Ff]. rewrite V. lra. }
  change (x + z + tiny) with t. unfold round_up. pose proof (bpow_gt_0 radix2 (-900)) as W.
  eapply Rle_trans; [| apply rnd_lower; unfold up; lra].
  unfold up. rewrite V in *. lra.
Qed.

(* Layer after layer. Of each layer: what computes its units, and bounds of them. *)
Record layer := {
  weights : nat -> nat -> R;
  bias_of : nat -> R;
  shape : nat -> tree;
  roundings : nat;
  rows : R;
  bias : R
}.

Definition fits l := (0 < roundings l)%nat /\ INR (roundings l) <= 1073741824 /\
  forall i, format (bias_of l i) /\ (height (shape l i) <= roundings l)%nat /\ INR (terms (shape l i)) <= 1073741824 /\
            row (weights l i) (shape l i) <= rows l /\ biases (bias_of l i) (shape l i) <= bias l.

Definition outputs value l (h : nat -> R) i := Rmax 0 (value (weights l i) h (bias_of l i) (shape l i)).

Fixpoint run value layers h : nat -> R := match layers with
  | [] => h
  | l :: layers => run value layers (outputs value l h)
  end.

(* The computed inputs of each layer are within these. *)
Fixpoint within_reach layers reaches h' := match layers, reaches with
  | l :: layers, r :: reaches => (forall k, Rabs (h' k) <= r) /\ within_reach layers reaches (outputs eval l h')
  | [], [] => True
  | _, _ => False
  end.

Fixpoint error_after layers reaches e := match layers, reaches with
  | l :: layers, r :: reaches => error_after layers reaches (layer_error (roundings l) (rows l) e r (bias l))
  | _, _ => e
  end.

Theorem network_bound layers : forall reaches h h' e,
  Forall fits layers -> within_reach layers reaches h' -> (forall k, Rabs (h' k - h k) <= e) ->
  forall k, Rabs (run eval layers h' k - run exact layers h k) <= error_after layers reaches e.
Proof.
  induction layers as [| l layers IH]; intros [| r reaches] h h' e F W E k; cbn in *; try contradiction; [apply E |].
  inversion F as [| ? ? (Z & N & U) F']; subst. destruct W as [A W]. apply IH; [exact F' | exact W |].
  intros i. destruct (U i) as (B & H & M & Rw & Bs). unfold outputs. eapply Rle_trans; [apply relu_lipschitz |].
  apply layer_bound; assumption.
Qed.

(* The walk along a segment measures vectors by their Euclidean norms (proofs/filter.md, section 6). *)
Fixpoint total n (f : nat -> R) := match n with 0%nat => 0 | S n => total n f + f n end.
Definition dot n x y := total n (fun k => x k * y k).
Definition norm n x := sqrt (dot n x x).

Lemma square_nonneg n x : 0 <= dot n x x.
Proof. unfold dot. induction n as [| n IH]; cbn; [lra | nra]. Qed.

Lemma norm_nonneg n x : 0 <= norm n x.
Proof. apply sqrt_pos. Qed.

Lemma norm_square n x : norm n x * norm n x = dot n x x.
Proof. apply sqrt_sqrt, square_nonneg. Qed.

Lemma cauchy_schwarz n x y : Rabs (dot n x y) <= norm n x * norm n y.
Proof.
  apply Rsqr_incr_0_var; [| apply Rmult_le_pos; apply norm_nonneg].
  rewrite <- Rsqr_abs. unfold Rsqr.
  replace (norm n x * norm n y * (norm n x * norm n y)) with (norm n x * norm n x * (norm n y * norm n y)) by ring.
  rewrite !norm_square.
  induction n as [| n IH]; [unfold dot; cbn; lra |].
  unfold dot in *. cbn. set (a := total n (fun k => x k * x k)) in *. set (b := total n (fun k => y k * y k)) in *.
  set (c := total n (fun k => x k * y k)) in *. set (p := x n). set (q := y n).
  assert (0 <= a) by apply (square_nonneg n x). assert (0 <= b) by apply (square_nonneg n y).
  (* 2 c p q <= a q^2 + b p^2, since (2 c p q)^2 <= 4 a b p^2 q^2 <= (a q^2 + b p^2)^2. *)
  assert (M : 2 * (c * (p * q)) <= a * (q * q) + b * (p * p)).
  { apply Rle_trans with (Rabs (2 * (c * (p * q)))); [apply Rle_abs |].
    assert (0 <= a * (q * q)) by (apply Rmult_le_pos; [assumption | apply Rle_0_sqr]). assert (0 <= b * (p * p)) by (apply Rmult_le_pos; [assumption | apply Rle_0_sqr]).
    apply Rsqr_incr_0_var; [| lra]. rewrite <- Rsqr_abs. unfold Rsqr.
    assert (c * c * ((p * q) * (p * q)) <= a * b * ((p * q) * (p * q))) by (apply Rmult_le_compat_r; [apply Rle_0_sqr | exact IH]).
    pose proof (Rle_0_sqr (a * (q * q) - b * (p * p))) as Sq. unfold Rsqr in Sq. nra. }
  nra.
Qed.

Lemma dot_plus n x y : dot n (fun k => x k + y k) (fun k => x k + y k) = dot n x x + 2 * dot n x y + dot n y y.
Proof. unfold dot. induction n as [| n IH]; cbn; [ring | rewrite IH; ring]. Qed.

Lemma norm_triangle n x y : norm n (fun k => x k + y k) <= norm n x + norm n y.
Proof.
  apply Rsqr_incr_0_var; [| pose proof (norm_nonneg n x); pose proof (norm_nonneg n y); lra].
  unfold Rsqr. rewrite norm_square, dot_plus. pose proof (cauchy_schwarz n x y) as C. pose proof (Rle_abs (dot n x y)).
  rewrite <- !norm_square. nra.
Qed.

Lemma norm_monotone n x y : (forall k, Rabs (x k) <= Rabs (y k)) -> norm n x <= norm n y.
Proof.
  intros L. unfold norm. apply sqrt_le_1_alt. unfold dot. induction n as [| n IH]; cbn; [lra |].
  assert (x n * x n <= y n * y n) by (apply (Rsqr_le_abs_1 (x n) (y n)), L). lra.
Qed.

Lemma norm_scaled n x c : 0 <= c -> norm n (fun k => x k * c) = norm n x * c.
Proof.
  intros C. unfold norm. replace (dot n (fun k => x k * c) (fun k => x k * c)) with (dot n x x * (c * c)).
  - rewrite sqrt_mult_alt by apply square_nonneg. now rewrite sqrt_square.
  - unfold dot. induction n as [| n IH]; cbn; [ring | rewrite <- IH; ring].
Qed.

Section Walk.

(* A layer of m units with n inputs; the model's outputs h' of the layer below, the true ones h, and the model's values z'. *)
Variables (m n : nat) (w : nat -> nat -> R) (b h h' z' rho : nat -> R) (own below sigma : R).

Definition value (h : nat -> R) i := dot n (w i) h + b i.

(* The error that arises in the layer itself, in units of the row's norm; that of the layer below; a bound of the spectral norm. *)
Hypothesis own_error : forall i, Rabs (z' i - value h' i) <= rho i * own.
Hypothesis below_error : norm n (fun k => h' k - h k) <= below.
Hypothesis rho_bounds : forall i, norm n (w i) <= rho i.
Hypothesis sigma_bounds : forall x, norm m (fun i => dot n (w i) x) <= sigma * norm n x.
Hypothesis own_nonneg : 0 <= own.
Hypothesis sigma_nonneg : 0 <= sigma.

Lemma value_moves i : value h' i - value h i = dot n (w i) (fun k => h' k - h k).
Proof. unfold value, dot. clear. induction n as [| n' IH]; cbn; [ring |]. lra. Qed.

(* T = S + R of the layer below. *)
Theorem walk_value i : Rabs (z' i - value h i) <= rho i * (own + below).
Proof.
  pose proof (own_error i) as O. pose proof (cauchy_schwarz n (w i) (fun k => h' k - h k)) as C. rewrite <- value_moves in C.
  assert (norm n (w i) * norm n (fun k => h' k - h k) <= rho i * below)
    by (apply Rmult_le_compat; [apply norm_nonneg | apply norm_nonneg | apply rho_bounds | exact below_error]).
  replace (z' i - value h i) with ((z' i - value h' i) + (value h' i - value h i)) by ring.
  eapply Rle_trans; [apply Rabs_triang | lra].
Qed.

(* R = |rho| S + sigma R of the layer below, of the values and hence of the outputs. *)
Theorem walk_layer : norm m (fun i => Rmax 0 (z' i) - Rmax 0 (value h i)) <= norm m rho * own + sigma * below.
Proof.
  apply Rle_trans with (norm m (fun i => (z' i - value h' i) + (value h' i - value h i))).
  { apply norm_monotone. intros i. eapply Rle_trans; [apply relu_lipschitz |]. apply Req_le. f_equal. ring. }
  eapply Rle_trans; [apply norm_triangle |]. apply Rplus_le_compat.
  - rewrite <- norm_scaled by exact own_nonneg. apply norm_monotone. intros i. eapply Rle_trans; [apply own_error | apply Rle_abs].
  - apply Rle_trans with (norm m (fun i => dot n (w i) (fun k => h' k - h k))).
    { apply norm_monotone. intros i. rewrite value_moves. apply Rle_refl. }
    eapply Rle_trans; [apply sigma_bounds |]. apply Rmult_le_compat_l; assumption.
Qed.

End Walk.
