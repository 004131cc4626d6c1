/// The shape `[N, H, W, C]` of an array of pictures, which may be `[N, H, W]` if they are grey; nil for other shapes.
///
/// One picture, `[H, W, C]`, is not taken for H grey ones of a few columns.
public func pictureShape(_ shape: [Int]) -> [Int]? {
  switch shape.count {
  case 3 where shape[2] > 4 || shape[1] == shape[2]: shape + [1]
  case 4: shape
  default: nil
  }
}
