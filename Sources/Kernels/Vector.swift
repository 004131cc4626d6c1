import CDiffusionProcessor

// The vector type of the instruction set that this folder is being compiled for, and the few operations that kernels
// need.
//
// Written with intrinsics where the standard library's generic SIMD operations do not reliably compile to one
// instruction. Nothing here or in the other kernels may use generic library code (arrays, specialised closures): that
// would emit weak symbols containing, say, AVX-512 code, which the linker may choose for every caller. `make isa-check`
// checks this.

#if KERNELS_AVX512

  import _Builtin_intrinsics.intel

  typealias Vector = SIMD16<Float>

  @inline(__always) func multiplyAdd(_ a: Vector, _ b: Vector, _ c: Vector) -> Vector { _mm512_fmadd_ps(a, b, c) }
  @inline(__always) func maximum(_ a: Vector, _ b: Vector) -> Vector { _mm512_max_ps(a, b) }
  @inline(__always) func minimum(_ a: Vector, _ b: Vector) -> Vector { _mm512_min_ps(a, b) }
  @inline(__always) func squareRoot(_ a: Vector) -> Vector { _mm512_sqrt_ps(a) }

  /// Adds the integer held in the low bits of `n` (as `roundingBias` leaves it) to the exponent of `a`.
  @inline(__always) func addingToExponent(_ a: Vector, _ n: Vector) -> Vector {
    _mm512_castsi512_ps(
      _mm512_add_epi32(_mm512_castps_si512(a), _mm512_slli_epi32(_mm512_castps_si512(n), 23)))
  }

#elseif KERNELS_AVX2

  import _Builtin_intrinsics.intel

  typealias Vector = SIMD8<Float>

  @inline(__always) func multiplyAdd(_ a: Vector, _ b: Vector, _ c: Vector) -> Vector { _mm256_fmadd_ps(a, b, c) }
  @inline(__always) func maximum(_ a: Vector, _ b: Vector) -> Vector { _mm256_max_ps(a, b) }
  @inline(__always) func minimum(_ a: Vector, _ b: Vector) -> Vector { _mm256_min_ps(a, b) }
  @inline(__always) func squareRoot(_ a: Vector) -> Vector { _mm256_sqrt_ps(a) }

  @inline(__always) func addingToExponent(_ a: Vector, _ n: Vector) -> Vector {
    _mm256_castsi256_ps(
      _mm256_add_epi32(_mm256_castps_si256(a), _mm256_slli_epi32(_mm256_castps_si256(n), 23)))
  }

#else

  typealias Vector = SIMD4<Float>

  @inline(__always) func squareRoot(_ a: Vector) -> Vector { squareRoots(a) }

  #if arch(arm64)
    @inline(__always) func multiplyAdd(_ a: Vector, _ b: Vector, _ c: Vector) -> Vector { c.addingProduct(a, b) }
  #else
    // Without FMA in the instruction set, `addingProduct` is a library call per lane.
    @inline(__always) func multiplyAdd(_ a: Vector, _ b: Vector, _ c: Vector) -> Vector { a * b + c }
  #endif
  @inline(__always) func maximum(_ a: Vector, _ b: Vector) -> Vector { b.replacing(with: a, where: a .> b) }
  @inline(__always) func minimum(_ a: Vector, _ b: Vector) -> Vector { b.replacing(with: a, where: a .< b) }

  @inline(__always) func addingToExponent(_ a: Vector, _ n: Vector) -> Vector {
    let exponents = unsafeBitCast(n, to: SIMD4<Int32>.self) &<< SIMD4<Int32>(repeating: 23)
    return unsafeBitCast(unsafeBitCast(a, to: SIMD4<Int32>.self) &+ exponents, to: Vector.self)
  }

#endif

/// Floats in a vector.
@inline(__always) var lanes: Int { Vector.scalarCount }

@inline(__always) func broadcast(_ x: Float) -> Vector { Vector(repeating: x) }

@inline(__always) func load(_ p: UnsafePointer<Float>) -> Vector {
  UnsafeRawPointer(p).loadUnaligned(as: Vector.self)
}

@inline(__always) func store(_ v: Vector, _ p: UnsafeMutablePointer<Float>) {
  UnsafeMutableRawPointer(p).storeBytes(of: v, as: Vector.self)
}

/// Prefetches `count` floats into the L2 cache; any address is allowed.
@inline(__always) func fetch(_ p: UnsafePointer<Float>, _ count: Int) {
  var i = 0
  while i < count {
    prefetch(p + i)
    i += 16
  }
}

/// The first `count` floats at `p`; the remaining lanes are `fill`.
@inline(__always) func load(_ p: UnsafePointer<Float>, first count: Int, fill: Float) -> Vector {
  var v = broadcast(fill)
  for i in 0..<count { v[i] = p[i] }
  return v
}

/// Stores the first `count` lanes at `p`.
@inline(__always) func store(_ v: Vector, _ p: UnsafeMutablePointer<Float>, first count: Int) {
  for i in 0..<count { p[i] = v[i] }
}

#if KERNELS_AVX512
  /// The sum of all lanes, in pairs.
  @inline(__always) func sumOfLanes(_ v: Vector) -> Float { sumOfEight(v.lowHalf + v.highHalf) }
  /// The largest lane.
  @inline(__always) func largestOfLanes(_ v: Vector) -> Float { largestOfEight(_mm256_max_ps(v.lowHalf, v.highHalf)) }
#elseif KERNELS_AVX2
  @inline(__always) func sumOfLanes(_ v: Vector) -> Float { sumOfEight(v) }
  @inline(__always) func largestOfLanes(_ v: Vector) -> Float { largestOfEight(v) }
#else
  @inline(__always) func sumOfLanes(_ v: Vector) -> Float { (v[0] + v[2]) + (v[1] + v[3]) }
  @inline(__always) func largestOfLanes(_ v: Vector) -> Float {
    var largest = v[0]
    for lane in 1..<4 where v[lane] > largest { largest = v[lane] }
    return largest
  }
#endif

#if KERNELS_AVX512 || KERNELS_AVX2
  @inline(__always) private func sumOfEight(_ v: SIMD8<Float>) -> Float {
    let four = v.lowHalf + v.highHalf
    let two = four.lowHalf + four.highHalf
    return two[0] + two[1]
  }

  @inline(__always) private func largestOfEight(_ v: SIMD8<Float>) -> Float {
    let four = _mm_max_ps(v.lowHalf, v.highHalf)
    var largest = four[0]
    for lane in 1..<4 where four[lane] > largest { largest = four[lane] }
    return largest
  }
#endif
