(* The arithmetic of the filter (proofs/filter.md, sections 1 and 2): what one rounding does in binary64 without overflow, what n of them do,
   and why the bounds that the code computes in binary64 are bounds again. *)

From Coq Require Import Reals Lra Lia ZArith.
From Flocq Require Import Core Relative Plus_error.
From Plica Require Import Constants.

Open Scope R_scope.

(* Binary64 without its largest exponent, rounding to nearest, ties to even. *)
Definition fexp := FLT_exp least_exponent precision.
Definition format := generic_format radix2 fexp.
Definition rnd (x : R) := round radix2 fexp ZnearestE x.

(* The unit roundoff, and half of the smallest positive number. *)
Definition u := / 2 * bpow radix2 (- precision + 1).
Definition eta := / 2 * bpow radix2 least_exponent.

#[global] Instance prec_positive : Prec_gt_0 53.
Proof. reflexivity. Qed.

Lemma u_value : u = bpow radix2 (-53).
Proof. unfold u. replace (/ 2) with (bpow radix2 (-1)) by (simpl; lra). now rewrite <- bpow_plus. Qed.

Lemma u_pos : 0 < u.
Proof. rewrite u_value. apply bpow_gt_0. Qed.

Lemma eta_pos : 0 < eta.
Proof. unfold eta. pose proof (bpow_gt_0 radix2 (-1074)). lra. Qed.

Lemma rnd_format x : format (rnd x).
Proof. unfold format, rnd. apply generic_format_round; typeclasses eauto. Qed.

Lemma rnd_of_format x : format x -> rnd x = x.
Proof. intros F. unfold rnd. apply round_generic; [typeclasses eauto | exact F]. Qed.

Lemma rnd_monotone x y : x <= y -> rnd x <= rnd y.
Proof. intros L. unfold rnd. apply round_le; try typeclasses eauto. exact L. Qed.

(* One rounding is relative but for underflow. *)
Theorem rnd_model x : exists d e, Rabs d <= u /\ Rabs e <= eta /\ rnd x = x * (1 + d) + e.
Proof.
  destruct (error_N_FLT radix2 (-1074) 53 prec_positive (fun n => negb (Z.even n)) x) as (d & e & D & E & _ & Q).
  exists d, e. repeat split; assumption.
Qed.

(* A sum does not underflow. *)
Theorem rnd_plus x y : format x -> format y -> exists d, Rabs d <= u /\ rnd (x + y) = (x + y) * (1 + d).
Proof.
  intros X Y.
  destruct (FLT_plus_error_N_ex radix2 (-1074) 53 (fun n => negb (Z.even n)) x y X Y) as (d & D & Q).
  exists d. split; [| exact Q].
  eapply Rle_trans; [exact D |].
  change (u_ro radix2 53) with u. pose proof u_pos as P.
  apply Rmult_le_reg_r with (1 + u); [lra |]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. nra.
Qed.

(* n roundings: gamma n = n u / (1 - n u). *)
Definition gamma (n : nat) := INR n * u / (1 - INR n * u).

Lemma gamma_nonneg n : INR n * u < 1 -> 0 <= gamma n.
Proof.
  intros L. unfold gamma. pose proof u_pos. pose proof (pos_INR n).
  apply Rmult_le_pos; [nra | left; apply Rinv_0_lt_compat; lra].
Qed.

(* 1 + gamma n = 1 / (1 - n u). *)
Lemma one_plus_gamma n : INR n * u < 1 -> 1 + gamma n = / (1 - INR n * u).
Proof. intros L. unfold gamma. field. lra. Qed.

Lemma gamma_monotone m n : (m <= n)%nat -> INR n * u < 1 -> gamma m <= gamma n.
Proof.
  intros L N. apply le_INR in L. pose proof u_pos.
  assert (INR m * u <= INR n * u) by (apply Rmult_le_compat_r; lra).
  assert (1 + gamma m <= 1 + gamma n); [| lra].
  rewrite !one_plus_gamma by lra. apply Rinv_le_contravar; lra.
Qed.

(* One rounding more. *)
Lemma gamma_step n : INR (S n) * u < 1 -> (1 + gamma n) * (1 + u) <= 1 + gamma (S n).
Proof.
  intros L. pose proof u_pos as P. pose proof (pos_INR n) as N. rewrite S_INR in L.
  rewrite !one_plus_gamma; rewrite ?S_INR; try nra.
  set (a := INR n * u). assert (0 <= a) by (unfold a; nra).
  replace ((INR n + 1) * u) with (a + u) in * by (unfold a; ring).
  apply Rmult_le_reg_l with (1 - a); [lra |]. rewrite <- Rmult_assoc, Rinv_r, Rmult_1_l by lra.
  apply Rmult_le_reg_r with (1 - (a + u)); [lra |]. rewrite Rmult_assoc, Rinv_l by lra. nra.
Qed.

(* The same of an error that is carried on: a value within gamma n of size s, rounded once. *)
Lemma error_step n s d : 0 <= s -> Rabs d <= u -> INR (S n) * u < 1 -> gamma n * s * Rabs (1 + d) + s * Rabs d <= gamma (S n) * s.
Proof.
  intros Hs Hd L. pose proof u_pos as P. pose proof (gamma_step n L) as G.
  assert (N : INR n * u < 1) by (rewrite S_INR in L; nra).
  pose proof (gamma_nonneg n N) as Z.
  assert (A : Rabs (1 + d) <= 1 + u). { eapply Rle_trans; [apply Rabs_triang |]. rewrite Rabs_R1. lra. }
  assert (gamma n * s * Rabs (1 + d) <= gamma n * s * (1 + u)) by (apply Rmult_le_compat_l; [apply Rmult_le_pos |]; assumption).
  assert (s * Rabs d <= s * u) by (apply Rmult_le_compat_l; assumption).
  nra.
Qed.

(* Bounds are computed from positive numbers by at most N roundings: Bernoulli. *)
Lemma bernoulli N : INR N * u <= 1 -> 1 - INR N * u <= (1 - u) ^ N.
Proof.
  pose proof u_pos as P. induction N as [| N IH]; intros L; [simpl; lra |].
  rewrite S_INR in *. pose proof (pos_INR N).
  assert (I : 1 - INR N * u <= (1 - u) ^ N) by (apply IH; nra).
  assert (U : u <= 1) by nra.
  simpl. assert ((1 - u) * (1 - INR N * u) <= (1 - u) * (1 - u) ^ N) by (apply Rmult_le_compat_l; lra). nra.
Qed.

Lemma u_small : u = / 9007199254740992.
Proof. rewrite u_value. simpl. lra. Qed.

Lemma eta_small x : bpow radix2 (-900) <= x -> eta <= x * u.
Proof.
  intros L. pose proof u_pos. apply Rle_trans with (bpow radix2 (-900) * u); [| nra].
  rewrite u_value. unfold eta. replace (/ 2) with (bpow radix2 (-1)) by (simpl; lra). rewrite <- !bpow_plus. apply bpow_le. lia.
Qed.

(* A rounding above underflow loses no more than 2 u. *)
Lemma rnd_lower x : bpow radix2 (-900) <= x -> x * (1 - 2 * u) <= rnd x.
Proof.
  intros L. destruct (rnd_model x) as (d & e & D & E & ->). pose proof (eta_small x L) as T.
  pose proof (bpow_gt_0 radix2 (-900)) as P.
  assert (- u <= d) by (pose proof (Rle_abs (- d)) as Q; rewrite Rabs_Ropp in Q; lra).
  assert (- eta <= e) by (pose proof (Rle_abs (- e)) as Q; rewrite Rabs_Ropp in Q; lra).
  nra.
Qed.

(* round_up of src/exact/bound.rs: the factor 1 + 2^-20. *)
Definition up := 1 + / round_up_inverse.
Definition round_up (x : R) := rnd (x * up).

(* It makes a bound t again of what up to 2^32 roundings have lost of it. *)
Theorem round_up_bounds t x N :
  INR N <= 4294967296 -> 0 <= t -> t * (1 - u) ^ N <= x -> bpow radix2 (-900) <= x -> t <= round_up x.
Proof.
  intros Hn Ht Hx L. pose proof u_small as V. pose proof u_pos as P. pose proof (pos_INR N).
  pose proof (bpow_gt_0 radix2 (-900)) as Q.
  assert (B : 1 - INR N * u <= (1 - u) ^ N) by (apply bernoulli; nra).
  assert (C : INR N * u <= / 2097152) by (rewrite V; lra).
  assert (T : t * (1 - / 2097152) <= x). { eapply Rle_trans; [| exact Hx]. apply Rmult_le_compat_l; lra. }
  unfold round_up. eapply Rle_trans; [| apply rnd_lower].
  - unfold up. rewrite V. nra.
  - unfold up. nra.
Qed.

(* gamma of src/exact/bound.rs: n u, which is exact up to a rounding, rounded up. *)
Definition code_gamma (n : nat) := round_up (rnd (INR n * u)).

Theorem code_gamma_bounds n : (0 < n)%nat -> INR n <= 1073741824 -> gamma n <= code_gamma n.
Proof.
  intros Z L. pose proof u_small as V. pose proof u_pos as P.
  assert (O : 1 <= INR n) by (apply (le_INR 1); lia).
  assert (S : INR n * u <= / 8388608) by (rewrite V; lra).
  assert (A : bpow radix2 (-900) <= INR n * u).
  { apply Rle_trans with u; [rewrite u_value; apply bpow_le; lia | nra]. }
  assert (R : INR n * u * (1 - 2 * u) <= rnd (INR n * u)) by (apply rnd_lower; exact A).
  set (a := INR n * u) in *.
  assert (Y : bpow radix2 (-900) <= rnd a).
  { apply Rle_trans with (a * (1 - 2 * u)); [| exact R].
    assert (u <= a) by (rewrite <- (Rmult_1_l u); unfold a; apply Rmult_le_compat_r; lra). assert (/ 2 <= 1 - 2 * u) by (rewrite V; lra).
    apply Rle_trans with (u * / 2); [| apply Rmult_le_compat; lra].
    rewrite u_value. replace (/ 2) with (bpow radix2 (-1)) by (simpl; lra). rewrite <- bpow_plus. apply bpow_le. lia. }
  pose proof (bpow_gt_0 radix2 (-900)) as Q.
  assert (G : gamma n <= a * (1 + / 4194304)).
  { unfold gamma. fold a. apply Rmult_le_reg_r with (1 - a); [lra |]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra.
    assert (0 <= a) by lra. nra. }
  eapply Rle_trans; [exact G |]. unfold code_gamma, round_up. fold a. eapply Rle_trans; [| apply rnd_lower].
  - unfold up. assert (0 <= a) by lra.
    apply Rle_trans with (a * (1 - 2 * u) * (1 + / 1048576) * (1 - 2 * u)).
    + rewrite !Rmult_assoc. apply Rmult_le_compat_l; [assumption |]. rewrite V. lra.
    + apply Rmult_le_compat_r; [lra |]. apply Rmult_le_compat_r; [lra | exact R].
  - unfold up. lra.
Qed.
