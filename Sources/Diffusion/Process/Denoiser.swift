import TensorCore

/// A denoising network.
///
/// - Parameters:
///   - x: x_t, `[N, C, …]`, as its level's `input` scales it.
///   - timesteps: the `conditioning` of each image's noise level, `[N]`: its timestep, on the scale that the network
///     was trained with.
/// - Returns: the prediction, `[N, C, …]`, or `[N, 2C, …]` if the channels of a predicted variance follow.
public typealias Denoiser = (_ x: Tensor, _ timesteps: [Float]) -> Tensor

extension NoiseProcess {
  /// Evaluates the network on `x`, `[N, C, …]`, at step `i`: `[N, C, …]`, or `[N, 2C, …]` if it predicts a variance.
  func output(of model: Denoiser, _ x: Tensor, step i: Int) -> Tensor { output(of: model, x, at: level(i)) }

  /// The same at any level of the process.
  func output(of model: Denoiser, _ x: Tensor, at level: NoiseLevel) -> Tensor {
    let output = model(
      level.input(x), [Float](repeating: level.conditioning, count: x.shape[0]))
    let expected = [x.shape[0], learnsVariance ? 2 * x.shape[1] : x.shape[1]] + x.shape.dropFirst(2)
    precondition(output.shape == expected, "the model puts out \(output.shape), expected \(expected)")
    return output
  }

  /// The prediction in the network's output for `x`, without variance channels, `[N, C, …]`.
  func prediction(in output: Tensor, for x: Tensor) -> Tensor {
    learnsVariance ? output.channels(0..<x.shape[1]) : output
  }

  /// x̂₀ from the network's prediction for `x` at step `i`, clipped by `clipping`.
  func xStart(from prediction: Tensor, _ x: Tensor, step i: Int, _ clipping: Clipping) -> Tensor {
    clipping(xStart(from: prediction, x, step: i))
  }
}
