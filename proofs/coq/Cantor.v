(** The symmetrised measure is no pseudo-metric: three points of CantorNet A of
    recursion depth two for which the triangle inequality fails. *)

From Coq Require Import Reals Lra List Bool QArith Qreals.
From Plica Require Import Measure Network Trace.
Import ListNotations.
Open Scope R_scope.

(** The two layers of one recursion step, over the reals. *)
Definition cantor_fold : layer := [([3; 0], -2); ([-3; 0], 1); ([0; 1], 0)].
Definition cantor_sum : layer := [([1; 1; 0], 0); ([0; 0; 1], 0)].

(** Two steps: ten hidden units. The output layer carries no bits and is left
    open. *)
Definition cantor (out : layer) : network :=
  [cantor_fold; cantor_sum; cantor_fold; cantor_sum; out].

(** The three points. *)
Definition ptX : list R := [1/36; 3/4].
Definition ptY : list R := [5/36; 3/4].
Definition ptZ : list R := [11/36; 3/4].

(** The symmetrised measure of two points, as a relation to its value. *)
Definition d_chi (net : network) (x y : list R) (d : Q) : Prop :=
  exists p q, traces net x y p /\ traces net y x q /\ (d == (chi p + chi q) / 2)%Q.

(** It has at most one value. *)
Theorem d_chi_unique : forall net x y d d',
  d_chi net x y d -> d_chi net x y d' -> (d == d')%Q.
Proof.
  intros net x y d d' (p & q & P & Q & E) (p' & q' & P' & Q' & E').
  rewrite (traces_unique _ _ _ _ _ P P') in E. rewrite (traces_unique _ _ _ _ _ Q Q') in E.
  rewrite E, E'. reflexivity.
Qed.

(** It has a value. *)
Theorem d_chi_exists : forall net x y, exists d, d_chi net x y d.
Proof.
  intros net x y. destruct (traces_exist net x y) as [p P].
  destruct (traces_exist net y x) as [q Q].
  exists ((chi p + chi q) / 2)%Q, p, q. repeat split; assumption || reflexivity.
Qed.

(** It is symmetric. *)
Theorem d_chi_sym : forall net x y d, d_chi net x y d -> d_chi net y x d.
Proof.
  intros net x y d (p & q & P & Q & E). exists q, p.
  repeat split; [assumption..|]. rewrite E. field.
Qed.

(** It is zero on the diagonal. *)
Theorem d_chi_refl : forall net x, d_chi net x x 0.
Proof.
  intros net x.
  assert (traces net x x [pattern_at net x]) as T.
  { apply cut_last; [lra|]. intros t _. f_equal.
    induction x as [|a x IH]; [reflexivity|]. simpl. rewrite IH. f_equal. ring. }
  exists [pattern_at net x], [pattern_at net x]. repeat split; assumption || reflexivity.
Qed.

(** It is non-negative. *)
Theorem d_chi_nonneg : forall net x y d, d_chi net x y d -> (0 <= d)%Q.
Proof.
  intros net x y d (p & q & P & Q & E).
  destruct (chi_range _ p (traces_uniform _ _ _ _ P)) as [Hp _].
  destruct (chi_range _ q (traces_uniform _ _ _ _ Q)) as [Hq _].
  rewrite E. apply Qle_shift_div_l; [reflexivity|].
  setoid_replace (0 * 2)%Q with 0%Q by reflexivity.
  setoid_replace 0%Q with (0 + 0)%Q by reflexivity. apply Qplus_le_compat; assumption.
Qed.

(** ** The same network and points over the rationals *)

Definition qfold : list qrow :=
  [([3; 0], - (2)); ([- (3); 0], 1); ([0; 1], 0)]%Q.
Definition qsum : list qrow := [([1; 1; 0], 0); ([0; 0; 1], 0)]%Q.
Definition qcantor : list (list qrow) := [qfold; qsum; qfold; qsum; []].
Definition qX : list Q := [1 # 36; 3 # 4].
Definition qY : list Q := [5 # 36; 3 # 4].
Definition qZ : list Q := [11 # 36; 3 # 4].

Lemma real_fold : map real_row qfold = cantor_fold.
Proof.
  unfold qfold, cantor_fold, real_row. simpl.
  repeat f_equal; unfold Q2R; simpl; field.
Qed.

Lemma real_sum : map real_row qsum = cantor_sum.
Proof.
  unfold qsum, cantor_sum, real_row. simpl.
  repeat f_equal; unfold Q2R; simpl; field.
Qed.

Lemma real_X : map Q2R qX = ptX.
Proof. unfold qX, ptX, Q2R. simpl. repeat f_equal; field. Qed.

Lemma real_Y : map Q2R qY = ptY.
Proof. unfold qY, ptY, Q2R. simpl. repeat f_equal; field. Qed.

Lemma real_Z : map Q2R qZ = ptZ.
Proof. unfold qZ, ptZ, Q2R. simpl. repeat f_equal; field. Qed.

Lemma cantor_trace : forall out a b ts ps, ts <> [] -> (last ts 0 = 1)%Q ->
  qchain (removelast qcantor) a b 0 ts = true ->
  qmidpoints (removelast qcantor) a b 0 ts = ps -> length ps = length ts ->
  traces_strict (cantor out) (map Q2R a) (map Q2R b) ps.
Proof.
  intros out a b ts ps N E C <- M.
  pose proof (rational_strict qcantor a b ts N E C M) as H.
  change (real_net qcantor) with
    [map real_row qfold; map real_row qsum; map real_row qfold; map real_row qsum; []] in H.
  rewrite real_fold, real_sum in H. exact H.
Qed.

(** ** The traces, all of them strict *)

(** Patterns written with digits. *)
Definition bits (l : list nat) : pattern := map (Nat.eqb 1) l.

(** The three patterns met near X, Y and Z. *)
Definition pX : pattern := bits [0;1;1;1;1;1;0;1;1;1]%nat.
Definition pY : pattern := bits [0;1;1;1;1;0;0;1;0;1]%nat.
Definition pZ : pattern := bits [0;1;1;1;1;0;1;1;1;1]%nat.

(** A strict trace is checked by computing over the rationals. *)
Ltac cut_at a b from to times :=
  intros out; rewrite <- a, <- b;
  apply (cantor_trace out from to times); [discriminate|reflexivity..].

Theorem trace_XY : forall out, traces_strict (cantor out) ptX ptY [pX; pY].
Proof. cut_at real_X real_Y qX qY [3 # 4; 1]%Q. Qed.

Theorem trace_YX : forall out, traces_strict (cantor out) ptY ptX [pY; pX].
Proof. cut_at real_X real_Y qY qX [1 # 4; 1]%Q. Qed.

Theorem trace_YZ : forall out, traces_strict (cantor out) ptY ptZ [pY; pZ].
Proof. cut_at real_Y real_Z qY qZ [1 # 2; 1]%Q. Qed.

Theorem trace_ZY : forall out, traces_strict (cantor out) ptZ ptY [pZ; pY].
Proof. cut_at real_Y real_Z qZ qY [1 # 2; 1]%Q. Qed.

Theorem trace_XZ : forall out, traces_strict (cantor out) ptX ptZ [pX; pY; pZ].
Proof. cut_at real_X real_Z qX qZ [3 # 10; 7 # 10; 1]%Q. Qed.

Theorem trace_ZX : forall out, traces_strict (cantor out) ptZ ptX [pZ; pY; pX].
Proof. cut_at real_X real_Z qZ qX [3 # 10; 7 # 10; 1]%Q. Qed.

(** ** The measure *)

(** X to Y and Y to Z are flat, X to Z is not. *)
Theorem cantor_values : forall out,
  d_chi (cantor out) ptX ptY 0 /\ d_chi (cantor out) ptY ptZ 0 /\
  d_chi (cantor out) ptX ptZ (1 # 2).
Proof.
  intros out. split; [|split].
  - exists [pX; pY], [pY; pX]. repeat split; try reflexivity;
      apply traces_strict_traces; [apply trace_XY|apply trace_YX].
  - exists [pY; pZ], [pZ; pY]. repeat split; try reflexivity;
      apply traces_strict_traces; [apply trace_YZ|apply trace_ZY].
  - exists [pX; pY; pZ], [pZ; pY; pX]. repeat split; try reflexivity;
      apply traces_strict_traces; [apply trace_XZ|apply trace_ZX].
Qed.

(** The triangle inequality fails. *)
Theorem cantor_triangle_fails : forall out, exists x y z dxy dyz dxz,
  d_chi (cantor out) x y dxy /\ d_chi (cantor out) y z dyz /\
  d_chi (cantor out) x z dxz /\ (dxy + dyz < dxz)%Q.
Proof.
  intros out. exists ptX, ptY, ptZ, 0%Q, 0%Q, (1 # 2).
  destruct (cantor_values out) as (H & K & L).
  repeat (split; [assumption|]). reflexivity.
Qed.

(** No pseudo-metric takes the values of the symmetrised measure. *)
Theorem d_chi_no_pseudometric : forall out,
  ~ exists d : list R -> list R -> R,
      (forall x y z, d x z <= d x y + d y z) /\
      (forall x y v, d_chi (cantor out) x y v -> d x y = Q2R v).
Proof.
  intros out (d & T & V). destruct (cantor_values out) as (H & K & L).
  specialize (T ptX ptY ptZ).
  rewrite (V _ _ _ H), (V _ _ _ K), (V _ _ _ L) in T.
  unfold Q2R in T. simpl in T. lra.
Qed.
