import TensorCore

/// What every sampler needs: the process, the network, and an optional conditioning gradient.
public struct SamplingContext {
  /// The process to reverse.
  public let process: any NoiseProcess
  /// The network trained on it.
  public let model: Denoiser
  /// How x̂₀ is clipped at each step.
  public let clipping: Clipping
  /// The gradient that guides images towards their classes, if any.
  public let conditioner: Conditioner?
  /// Takes x̂₀ of each evaluation, for the next one; nil if the network does not.
  public let selfConditioning: SelfConditioning?

  /// - Parameters:
  ///   - process: the process to reverse.
  ///   - model: the network trained on it.
  ///   - clipping: how x̂₀ is clipped at each step.
  ///   - conditioner: the gradient that guides images towards their classes, if any.
  ///   - selfConditioning: takes x̂₀ of each evaluation, for the next one.
  public init(
    process: some NoiseProcess, model: @escaping Denoiser, clipping: Clipping, conditioner: Conditioner? = nil,
    selfConditioning: SelfConditioning? = nil
  ) {
    self.process = process
    self.model = model
    self.clipping = clipping
    self.conditioner = conditioner
    self.selfConditioning = selfConditioning
  }

  /// The process, for samplers that use the original's float32 tables (`DDPM`, `DDIM`).
  ///
  /// - Precondition: it is a `GaussianDiffusion`; check `SamplerInfo.isDefined(for:)` first.
  public var gaussian: GaussianDiffusion {
    guard let gaussian = process as? GaussianDiffusion else {
      preconditionFailure("the sampler needs a GaussianDiffusion, not a \(type(of: process))")
    }
    return gaussian
  }

  /// x̂₀, the expected image, for `x` at step `i`: clipped, then guided. Probability flow solvers
  /// need nothing else from the network. Evaluates the network once.
  ///
  /// - Parameters:
  ///   - x: x_t, `[N, C, …]`.
  ///   - i: the step, in `0 ..< process.count`.
  /// - Returns: x̂₀, of the same shape.
  public func xStart(_ x: Tensor, step i: Int) -> Tensor {
    let prediction = process.prediction(in: process.output(of: model, x, step: i), for: x)
    let xStart = process.xStart(from: prediction, x, step: i, clipping)
    selfConditioning?.xStart = xStart
    guard let gradient = gradient(x, step: i) else { return xStart }
    return process.conditionScore(xStart: xStart, x, gradient, step: i)
  }

  /// x̂₀ for `x` at a level between steps, of a process whose parameterization needs no step. Clipped, but not guided by
  /// a classifier. Evaluates the network once. Shapes `[N, C, …]`.
  func xStart(_ x: Tensor, at level: NoiseLevel) -> Tensor {
    let prediction = process.prediction(in: process.output(of: model, x, at: level), for: x)
    let xStart = clipping(process.parameterization.xStart(from: prediction, x, at: level))
    selfConditioning?.xStart = xStart
    return xStart
  }

  /// The model's estimate of p(x_{t-1} | x_t) at step `i` of a `GaussianDiffusion`. Evaluates the network once.
  func pMeanVariance(_ x: Tensor, step i: Int) -> PMeanVariance {
    let p = gaussian.pMeanVariance(model, x, step: i, clipping)
    selfConditioning?.xStart = p.predXStart
    return p
  }

  /// The conditioning gradient for the images `x` at step `i`, if there is one.
  func gradient(_ x: Tensor, step i: Int) -> Tensor? {
    conditioner.map { $0(x, [Float](repeating: process.level(i).conditioning, count: x.shape[0])) }
  }
}
