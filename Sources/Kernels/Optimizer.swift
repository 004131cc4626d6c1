import KernelTable

/// See `OptimizerKernels.AdamW`.
func adamW(
  _ step: AdamWStep, _ gradient: UnsafePointer<Float>, _ count: Int,
  _ weight: UnsafeMutablePointer<Float>, _ firstMoment: UnsafeMutablePointer<Float>,
  _ secondMoment: UnsafeMutablePointer<Float>
) {
  let (beta1, oneMinusBeta1) = (broadcast(step.beta1), broadcast(step.oneMinusBeta1))
  let (beta2, oneMinusBeta2) = (broadcast(step.beta2), broadcast(step.oneMinusBeta2))
  let (gradientScale, correction) = (broadcast(step.gradientScale), broadcast(step.secondCorrection))
  let (epsilon, stepSize, decay) = (broadcast(step.epsilon), broadcast(-step.stepSize), broadcast(step.decay))
  @inline(__always) func update(
    _ gradient: Vector, _ weight: Vector, _ m: Vector, _ v: Vector
  ) -> (weight: Vector, m: Vector, v: Vector) {
    let g = gradient * gradientScale
    let m = multiplyAdd(m, beta1, g * oneMinusBeta1)
    let v = multiplyAdd(v, beta2, g * g * oneMinusBeta2)
    return (multiplyAdd(stepSize, m / multiplyAdd(squareRoot(v), correction, epsilon), weight * decay), m, v)
  }
  var i = 0
  while i + lanes <= count {
    let new = update(load(gradient + i), load(weight + i), load(firstMoment + i), load(secondMoment + i))
    store(new.weight, weight + i)
    store(new.m, firstMoment + i)
    store(new.v, secondMoment + i)
    i += lanes
  }
  let rest = count - i
  let new = update(
    load(gradient + i, first: rest, fill: 0), load(weight + i, first: rest, fill: 0),
    load(firstMoment + i, first: rest, fill: 0), load(secondMoment + i, first: rest, fill: 0))
  store(new.weight, weight + i, first: rest)
  store(new.m, firstMoment + i, first: rest)
  store(new.v, secondMoment + i, first: rest)
}

/// See `OptimizerKernels.EMA`.
func ema(
  _ x: UnsafePointer<Float>, _ count: Int, _ rate: Float, _ oneMinusRate: Float,
  _ average: UnsafeMutablePointer<Float>
) {
  var i = 0
  while i + lanes <= count {
    store(multiplyAdd(load(average + i), broadcast(rate), load(x + i) * broadcast(oneMinusRate)), average + i)
    i += lanes
  }
  let rest = count - i
  let mixed = multiplyAdd(
    load(average + i, first: rest, fill: 0), broadcast(rate),
    load(x + i, first: rest, fill: 0) * broadcast(oneMinusRate))
  store(mixed, average + i, first: rest)
}
