;; The inner loop of the reduction to a tridiagonal matrix, two numbers at a time: JavaScript has no such instructions.
;; scripts/compile-kernel.ts writes it into kernel-bytes.ts.
(module
  (memory (export "memory") 1)

  ;; Two rows of A at $a0 and $a1, of $bytes / 8 numbers each, an even number. With p, q, z and w at $p, $q, $z and $w:
  ;; a0 -= x0 * q + y0 * p, a1 likewise, and w += a0 * v0 + a1 * v1. The products a0 · z and a1 · z, each in two parts that
  ;; have yet to be added, are written to the 4 numbers at $sums.
  (func (export "updateRows")
    (param $a0 i32) (param $a1 i32) (param $bytes i32)
    (param $p i32) (param $q i32) (param $z i32) (param $w i32) (param $sums i32)
    (param $x0 f64) (param $y0 f64) (param $v0 f64) (param $x1 f64) (param $y1 f64) (param $v1 f64)
    (local $end i32) (local $s0 v128) (local $s1 v128)
    (local $X0 v128) (local $Y0 v128) (local $V0 v128) (local $X1 v128) (local $Y1 v128) (local $V1 v128)
    (local $P v128) (local $Q v128) (local $Z v128) (local $A0 v128) (local $A1 v128)
    (local.set $X0 (f64x2.splat (local.get $x0)))
    (local.set $Y0 (f64x2.splat (local.get $y0)))
    (local.set $V0 (f64x2.splat (local.get $v0)))
    (local.set $X1 (f64x2.splat (local.get $x1)))
    (local.set $Y1 (f64x2.splat (local.get $y1)))
    (local.set $V1 (f64x2.splat (local.get $v1)))
    (local.set $end (i32.add (local.get $a0) (local.get $bytes)))
    (block $done
      (br_if $done (i32.ge_u (local.get $a0) (local.get $end)))
      (loop $next
        (local.set $P (v128.load (local.get $p)))
        (local.set $Q (v128.load (local.get $q)))
        (local.set $Z (v128.load (local.get $z)))
        (local.set $A0
          (f64x2.sub
            (f64x2.sub (v128.load (local.get $a0)) (f64x2.mul (local.get $X0) (local.get $Q)))
            (f64x2.mul (local.get $Y0) (local.get $P))))
        (local.set $A1
          (f64x2.sub
            (f64x2.sub (v128.load (local.get $a1)) (f64x2.mul (local.get $X1) (local.get $Q)))
            (f64x2.mul (local.get $Y1) (local.get $P))))
        (v128.store (local.get $a0) (local.get $A0))
        (v128.store (local.get $a1) (local.get $A1))
        (local.set $s0 (f64x2.add (local.get $s0) (f64x2.mul (local.get $A0) (local.get $Z))))
        (local.set $s1 (f64x2.add (local.get $s1) (f64x2.mul (local.get $A1) (local.get $Z))))
        (v128.store (local.get $w)
          (f64x2.add
            (f64x2.add (v128.load (local.get $w)) (f64x2.mul (local.get $A0) (local.get $V0)))
            (f64x2.mul (local.get $A1) (local.get $V1))))
        (local.set $p (i32.add (local.get $p) (i32.const 16)))
        (local.set $q (i32.add (local.get $q) (i32.const 16)))
        (local.set $z (i32.add (local.get $z) (i32.const 16)))
        (local.set $w (i32.add (local.get $w) (i32.const 16)))
        (local.set $a1 (i32.add (local.get $a1) (i32.const 16)))
        (local.set $a0 (i32.add (local.get $a0) (i32.const 16)))
        (br_if $next (i32.lt_u (local.get $a0) (local.get $end)))))
    (v128.store (local.get $sums) (local.get $s0))
    (v128.store offset=16 (local.get $sums) (local.get $s1))))
