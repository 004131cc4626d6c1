import TensorCore

/// The input of a super-resolution model: noisy images, then low-resolution images upsampled bilinearly, joined along
/// the channels (`SuperResModel.forward` in the original).
///
/// - Parameters:
///   - x: `[N, C, H, W]`.
///   - lowRes: `[N, C, h, w]`; unchanged if already H×W.
/// - Returns: `[N, 2C, H, W]`.
public func superResolutionInput(_ x: Tensor, lowRes: Tensor) -> Tensor {
  precondition(
    x.shape.count == 4 && lowRes.shape.count == 4 && x.shape.prefix(2) == lowRes.shape.prefix(2),
    "pictures of shape \(x.shape) cannot come with smaller ones of shape \(lowRes.shape)")
  return x.joiningChannels(lowRes.bilinear(height: x.shape[2], width: x.shape[3]))
}
