import DiffusionCore
import DiffusionPlatform
import TensorCore

/// Drawings of many kinds, one of which is likely to be somewhat like what a network was trained on: strokes on black,
/// a face and shapes on white, and discs that cover each other, which have the statistics of photographs.
///
/// Those are not smooth: how much noise is in a picture can be seen wherever it is smooth, and a network that sees it
/// does not need to be told its timestep. Two smooth pictures come last, in which attention has more to do.
struct CheckPictures {
  /// How many smooth pictures come last.
  static let smoothCount = 2

  private let side: Int
  /// Colours as red, green and blue in -1 to 1; grey images have the first of these.
  private typealias Colour = (Float, Float, Float)

  /// The pictures, `[10, channels, side, side]`.
  static func pictures(channels: Int, side: Int) -> Tensor {
    let pictures = CheckPictures(side: side)
    let (black, white): (Colour, Colour) = ((-1, -1, -1), (1, 1, 1))
    let dark: Colour = (-0.5, -0.6, -0.8)
    let s: [Point] = [(-0.35, -0.45), (0, -0.6), (0.35, -0.4), (0.1, 0), (-0.35, 0.55), (0.4, 0.55)]
    let t: [[Point]] = [[(0.1, -0.6), (-0.45, 0.1), (0.5, 0.1)], [(0.2, -0.3), (0.15, 0.65)]]
    let face = [
      Shape(.disc((0, 0), 0.8), (1, 0.6, -0.6)), Shape(.disc((-0.3, -0.2), 0.12), dark),
      Shape(.disc((0.3, -0.2), 0.12), dark), Shape(.stroke([(-0.4, 0.3), (0, 0.5), (0.4, 0.3)], 0.06), dark),
    ]
    let shapes = [
      Shape(.stroke(s, 0.2), (0.2, -0.7, -0.3)), Shape(.disc((0.3, 0.3), 0.25), (-0.8, 0.1, 0.7)),
      Shape(.disc((-0.3, -0.4), 0.2), (0.9, 0.5, -0.9)),
    ]
    let drawn =
      [
        pictures.drawn([Shape(.stroke(s, 0.1), white)], on: black),
        pictures.drawn(t.map { Shape(.stroke($0, 0.1), white) }, on: black), pictures.drawn(face, on: white),
        pictures.drawn(shapes, on: white),
      ] + (0..<UInt64(4)).map { pictures.leaves(seed: $0) }
      + [pictures.shaded { ($0 - $1) / 2 }, pictures.shaded { 2 / (1 + 7.5 * ($0 * $0 + $1 * $1)) - 1 }]
    let pixels = side * side
    // Further channels, if there are more than three, repeat the colours.
    return Tensor(
      [drawn.count, channels, side, side],
      drawn.flatMap { planes in (0..<channels).flatMap { planes[$0 % 3 * pixels..<($0 % 3 + 1) * pixels] } })
  }

  /// A place; both coordinates are in -1 to 1.
  private typealias Point = (x: Float, y: Float)

  private enum Outline {
    case disc(Point, _ radius: Float)
    case stroke([Point], _ halfWidth: Float)

    /// How far `point` is inside; negative outside.
    func depth(at point: Point) -> Float {
      switch self {
      case .disc(let centre, let radius): return radius - distance(point, centre)
      case .stroke(let points, let halfWidth):
        let distances = zip(points, points.dropFirst()).map { a, b in
          let (dx, dy) = (b.x - a.x, b.y - a.y)
          let along = ((point.x - a.x) * dx + (point.y - a.y) * dy) / (dx * dx + dy * dy)
          let t = max(0, min(1, along))
          return distance(point, (a.x + t * dx, a.y + t * dy))
        }
        return halfWidth - (distances.min() ?? 2)
      }
    }

    private func distance(_ a: Point, _ b: Point) -> Float {
      ((a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y)).squareRoot()
    }
  }

  private struct Shape {
    let outline: Outline
    let colour: Colour
    init(_ outline: Outline, _ colour: Colour) { (self.outline, self.colour) = (outline, colour) }
  }

  /// Shapes over each other, with soft edges: three planes of `side` × `side`.
  private func drawn(_ shapes: [Shape], on ground: Colour) -> [Float] {
    var planes = [ground.0, ground.1, ground.2].flatMap { [Float](repeating: $0, count: side * side) }
    for shape in shapes {
      for row in 0..<side {
        for column in 0..<side {
          let cover = max(0, min(1, shape.outline.depth(at: (place(column), place(row))) / 0.06 + 0.5))
          for (c, value) in [shape.colour.0, shape.colour.1, shape.colour.2].enumerated() where cover > 0 {
            let i = (c * side + row) * side + column
            planes[i] += cover * (value - planes[i])
          }
        }
      }
    }
    return planes
  }

  /// Grey by place: three planes.
  private func shaded(_ shade: (_ x: Float, _ y: Float) -> Float) -> [Float] {
    (0..<3 * side * side).map { i in shade(place(i % side), place(i / side % side)) }
  }

  /// Forty discs at random; those of odd seeds have a texture.
  private func leaves(seed: UInt64) -> [Float] {
    func random(_ i: Int) -> Float { Float(PhiloxNoise.scheduleUniform(seed: seed, position: i)) }
    func colour(_ i: Int) -> Colour { (1.6 * random(i) - 0.8, 1.6 * random(i + 1) - 0.8, 1.6 * random(i + 2) - 0.8) }
    let discs = (1...40).map { n in
      let centre = (2.2 * random(8 * n) - 1.1, 2.2 * random(8 * n + 1) - 1.1)
      let size = random(8 * n + 2)
      return Shape(.disc(centre, 0.1 + 0.5 * size * size), colour(8 * n + 3))
    }
    let plain = drawn(discs, on: colour(0))
    if seed % 2 == 0 { return plain }
    // Waves of all lengths and directions, the shorter the weaker.
    let waves = (1...24).map { n in
      let (angle, frequency) = (6.2832 * random(400 + n), Float(n) * 0.75)
      return (
        x: frequency * Float(cos(Double(angle))), y: frequency * Float(sin(Double(angle))),
        phase: 6.2832 * random(500 + n), height: 1 / frequency
      )
    }
    return plain.indices.map { i in
      let (x, y) = (place(i % side), place(i / side % side))
      let texture = waves.reduce(Float(0)) { sum, wave in
        sum + wave.height * Float(sin(Double(3.1416 * (wave.x * x + wave.y * y) + wave.phase)))
      }
      return max(-1, min(1, 0.6 * plain[i] + 0.25 * texture))
    }
  }

  private func place(_ i: Int) -> Float { (Float(i) + 0.5) / Float(side) * 2 - 1 }
}
