(* The constants of the filter. The code has them too (src/exact/bound.rs, src/exact/product.rs), and a test of the library reads this file and compares:
   `the_constants_are_those_of_the_proofs`. *)

From Coq Require Import ZArith Reals.

(* A double has so many bits, and the smallest positive one is 2 to this power. *)
Notation precision := 53%Z (only parsing).
Notation least_exponent := (-1074)%Z (only parsing).

(* `round_up` multiplies by 1 + 1 / this. *)
Notation round_up_inverse := 1048576%R (only parsing).

(* What is added for underflow is 2 to this power. *)
Notation tiny_exponent := (-500)%Z (only parsing).

(* A sum of products is taken in blocks of so many. *)
Notation block := 112%nat (only parsing).

(* The roundings that a bound counts beyond the additions that a term passes: of a sum in blocks, and beyond its number of terms: of a plain one. *)
Notation product_spare := 6%nat (only parsing).
Notation sequential_spare := 7%nat (only parsing).
