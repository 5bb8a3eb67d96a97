(** Three small families showing that the hypotheses of the half-open theorem
    are needed. *)

From Coq Require Import Reals Lra Lia List Bool Arith.
From Plica Require Import Affine HammingInterval Cells.
Import ListNotations.
Open Scope R_scope.

(** The form [a x + b y + c] in the plane. *)
Definition form2 (a b c : R) : form :=
  Form (fun i => match i with O => a | 1%nat => b | _ => 0 end) c.

(** The form [a x + c] on the line. *)
Definition form1 (a c : R) : form := Form (fun _ => a) c.

(** The point [(a, b)]. *)
Definition pt (a b : R) : point := fun i => match i with O => a | _ => b end.

Lemma ev_form2 : forall a b c x, ev 2 (form2 a b c) x = a * x 0%nat + b * x 1%nat + c.
Proof. intros. unfold ev, form2; simpl. ring. Qed.

Lemma ev_form1 : forall a c x, ev 1 (form1 a c) x = a * x 0%nat + c.
Proof. intros. unfold ev, form1; simpl. ring. Qed.

(** A point off all the zero sets has a full-dimensional pattern. *)
Lemma fulldim_at : forall d fs x, (forall f, In f fs -> ev d f x <> 0) ->
  fulldim d fs (pattern d fs x).
Proof.
  intros d fs x H. apply fulldim_iff_strict. exists x. apply generic_strict.
  intros f Hf. right. apply H. exact Hf.
Qed.

Ltac split_bits :=
  unfold cells, pattern, bit; simpl map;
  rewrite ?ev_form2, ?ev_form1; unfold pt; simpl;
  repeat match goal with |- context [Rlt_dec ?a ?b] => destruct (Rlt_dec a b) end.

Ltac all_forms := let f := fresh "f" in let Hf := fresh "Hf" in
  intros f Hf; simpl in Hf;
  repeat (destruct Hf as [<-|Hf]; [rewrite ?ev_form2, ?ev_form1; unfold pt; lra|]);
  destruct Hf.

(** ** A cell without interior: x, y, -x-y *)

(** Forms [x], [y], [-x-y]. *)
Definition fs_tri : list form := [form2 1 0 0; form2 0 1 0; form2 (-1) (-1) 0].

(** The open first quadrant and the origin. *)
Definition B_tri : list (list bool) := [[true; true; false]; [false; false; false]].

Lemma cells_tri : forall x, cells 2 fs_tri B_tri x <->
  (0 < x 0%nat /\ 0 < x 1%nat) \/ (x 0%nat = 0 /\ x 1%nat = 0).
Proof.
  intros x. unfold fs_tri, B_tri. split_bits; split;
    try (intros [?|[?|[]]]; discriminate); intros H; try lra; auto.
Qed.

(** The half-open region is convex although a realised pattern lies between
    its two patterns; one of the two has a cell reduced to a point. *)
Theorem example_tri :
  (forall p, In p B_tri -> realised 2 fs_tri p) /\
  convex (cells 2 fs_tri B_tri) /\
  realised 2 fs_tri [true; false; false] /\
  between [true; true; false] [false; false; false] [true; false; false] /\
  ~ hconvex (realised 2 fs_tri) B_tri.
Proof.
  assert (realised 2 fs_tri [true; false; false]) as R
    by (exists (pt 1 0); unfold fs_tri; split_bits; lra || reflexivity).
  assert (between [true; true; false] [false; false; false] [true; false; false]) as I
    by (intros [|[|[|j]]] E; cbn in *; congruence).
  split; [|split; [|split; [exact R|split; [exact I|]]]].
  - intros p [<-|[<-|[]]].
    + exists (pt 1 1). unfold fs_tri; split_bits; lra || reflexivity.
    + exists (pt 0 0). unfold fs_tri; split_bits; lra || reflexivity.
  - intros x y t Hx Hy Ht. rewrite cells_tri in *. unfold comb.
    destruct (Rlt_le_dec 0 t); destruct (Rlt_le_dec t 1);
    destruct Hx as [[X0 X1]|[X0 X1]], Hy as [[Y0 Y1]|[Y0 Y1]];
    try (left; split; nra);
    try (right; rewrite X0, X1, Y0, Y1; split; ring);
    try (assert (t = 0) as -> by lra; (left; lra) || (right; lra));
    try (assert (t = 1) as -> by lra; (left; lra) || (right; lra)).
  - intros H.
    specialize (H _ _ _ (or_introl eq_refl) (or_intror (or_introl eq_refl)) R I).
    destruct H as [H|[H|[]]]; discriminate H.
Qed.

(** ** All members with interior: x, y, -2x+y, x-2y *)

(** Forms [x], [y], [-2x+y], [x-2y]. *)
Definition fs_fan : list form :=
  [form2 1 0 0; form2 0 1 0; form2 (-2) 1 0; form2 1 (-2) 0].

(** The three cells of the closed third quadrant other than the origin. *)
Definition B_fan : list (list bool) :=
  [[false; false; true; false]; [false; false; true; true]; [false; false; false; true]].

Lemma cells_fan : forall x, cells 2 fs_fan B_fan x <->
  x 0%nat <= 0 /\ x 1%nat <= 0 /\ x 0%nat + x 1%nat < 0.
Proof.
  intros x. unfold fs_fan, B_fan. split_bits; split;
    try (intros [?|[?|[?|[]]]]; discriminate); intros H; try lra; auto.
Qed.

(** The half-open region is convex and all its patterns have interior, yet the
    pattern of the origin, realised nowhere else, lies between two of them. *)
Theorem example_fan :
  (forall p, In p B_fan -> fulldim 2 fs_fan p) /\
  convex (cells 2 fs_fan B_fan) /\
  realised 2 fs_fan [false; false; false; false] /\
  (forall x, pattern 2 fs_fan x = [false; false; false; false] ->
     x 0%nat = 0 /\ x 1%nat = 0) /\
  between [false; false; true; false] [false; false; false; true]
          [false; false; false; false] /\
  ~ hconvex (realised 2 fs_fan) B_fan.
Proof.
  assert (realised 2 fs_fan [false; false; false; false]) as R
    by (exists (pt 0 0); unfold fs_fan; split_bits; lra || reflexivity).
  assert (between [false; false; true; false] [false; false; false; true]
          [false; false; false; false]) as I
    by (intros [|[|[|[|j]]]] E; cbn in *; congruence).
  split; [|split; [|split; [exact R|split; [|split; [exact I|]]]]].
  - intros p [<-|[<-|[<-|[]]]].
    + replace [false; false; true; false] with (pattern 2 fs_fan (pt (-3) (-1))).
      * apply fulldim_at. unfold fs_fan. all_forms.
      * unfold fs_fan; split_bits; lra || reflexivity.
    + replace [false; false; true; true] with (pattern 2 fs_fan (pt (-1) (-1))).
      * apply fulldim_at. unfold fs_fan. all_forms.
      * unfold fs_fan; split_bits; lra || reflexivity.
    + replace [false; false; false; true] with (pattern 2 fs_fan (pt (-1) (-3))).
      * apply fulldim_at. unfold fs_fan. all_forms.
      * unfold fs_fan; split_bits; lra || reflexivity.
  - intros x y t Hx Hy Ht. rewrite cells_fan in *. unfold comb.
    destruct Hx as [X0 [X1 X]], Hy as [Y0 [Y1 Y]].
    split; [nra|split; [nra|]].
    destruct (Rlt_le_dec 0 t); [nra|]. assert (t = 0) as -> by lra. lra.
  - intros x. unfold fs_fan. split_bits; intros E; try discriminate E; lra.
  - intros H.
    specialize (H _ _ _ (or_introl eq_refl)
                  (or_intror (or_intror (or_introl eq_refl))) R I).
    destruct H as [H|[H|[H|[]]]]; discriminate H.
Qed.

(** ** Full-dimensional patterns are too few: x, -x *)

(** Forms [x], [-x] on the line. *)
Definition fs_opp : list form := [form1 1 0; form1 (-1) 0].

(** Both open half-lines; these are all the full-dimensional patterns. *)
Definition B_opp : list (list bool) := [[true; false]; [false; true]].

Lemma fulldim_opp : forall p, fulldim 1 fs_opp p <-> In p B_opp.
Proof.
  intros p. split.
  - intros F. destruct (proj1 (fulldim_iff_strict _ _ _) F) as [x [L S]].
    pose proof (S 0%nat) as S0. pose proof (S 1%nat) as S1.
    destruct p as [|a [|b [|c p]]]; simpl in L; try discriminate L.
    change (strict1 1 (form1 1 0) a x) in S0.
    change (strict1 1 (form1 (-1) 0) b x) in S1.
    unfold B_opp. destruct a, b; simpl; auto; exfalso; unfold strict1 in S0, S1.
    + rewrite ev_form1 in S0, S1. lra.
    + destruct S0 as [S0|Z]; [|specialize (Z (fun _ => 1)); rewrite ev_form1 in Z; lra].
      destruct S1 as [S1|Z]; [|specialize (Z (fun _ => 1)); rewrite ev_form1 in Z; lra].
      rewrite ev_form1 in S0, S1. lra.
  - intros [<-|[<-|[]]].
    + replace [true; false] with (pattern 1 fs_opp (pt 1 0)).
      * apply fulldim_at. unfold fs_opp. all_forms.
      * unfold fs_opp; split_bits; lra || reflexivity.
    + replace [false; true] with (pattern 1 fs_opp (pt (-1) 0)).
      * apply fulldim_at. unfold fs_opp. all_forms.
      * unfold fs_opp; split_bits; lra || reflexivity.
Qed.

(** Hamming-convexity among the full-dimensional patterns alone does not make
    the half-open region convex: the origin is missing. *)
Theorem example_opp :
  (forall p, In p B_opp <-> fulldim 1 fs_opp p) /\
  hconvex (fulldim 1 fs_opp) B_opp /\
  ~ convex (cells 1 fs_opp B_opp).
Proof.
  split; [intros p; symmetry; apply fulldim_opp|split].
  - intros p q r _ _ F _. apply fulldim_opp. exact F.
  - intros C.
    assert (cells 1 fs_opp B_opp (comb (1/2) (pt 1 0) (pt (-1) 0))) as H.
    { apply C; [| |lra]; unfold fs_opp, B_opp; split_bits; auto; exfalso; lra. }
    revert H. unfold fs_opp, B_opp, comb. split_bits;
      try (intros [?|[?|[]]]; discriminate); exfalso; lra.
Qed.
