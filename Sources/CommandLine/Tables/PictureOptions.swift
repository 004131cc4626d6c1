/// The options of drawing from a picture rather than from noise alone.
let pictureOptions: [OptionDefinition] = [
  OptionDefinition(
    "init-image", .required(name: "FILE", example: "photo.png"), .drawing,
    "start from this picture under noise, rather than from noise alone: a PNG, whose middle is cut out and scaled to the model's size, and whose colours become grey for a grey model; transparency lies over black; or a .npz or .npy, as for --low-res, of the model's size"
  ) { o, value, _ throws(UsageError) in o.request.initImage = value },
  OptionDefinition(
    "strength", .required(name: "S", example: "0.6"), .drawing,
    "with --init-image: the share of the steps that is drawn, and so of the noise; near 0 the picture stays as it is, at 1 next to nothing of it is left; default 0.6, with --mask 1"
  ) { o, value, name throws(UsageError) in
    let strength = try number(value, name, from: nil)
    guard strength > 0, strength <= 1 else {
      throw UsageError("--\(name): \(value) is out of range; type --\(name) with a number above 0, up to 1")
    }
    o.request.strength = strength
  },
  OptionDefinition(
    "mask", .required(name: "FILE", example: "mask.png"), .drawing,
    "with --init-image: a PNG as large as the picture, white where it is to be drawn anew, black where it is kept to the pixel; of greys, the lighter half counts as white (RePaint, Lugmayr et al. 2022)"
  ) { o, value, _ throws(UsageError) in o.request.mask = value },
  OptionDefinition(
    "jump-length", .required(name: "N", example: "10"), .drawing,
    "with --mask: draw each stretch of so many steps several times, so that what is new fits what is kept; default 10"
  ) { o, value, name throws(UsageError) in o.request.jumpLength = try wholeNumber(value, name, 1...1_000_000) },
  OptionDefinition(
    "jump-count", .required(name: "N", example: "5"), .drawing,
    "with --mask: how many times each stretch is drawn; 1 once, and so fastest, 10 as in the paper; default 3"
  ) { o, value, name throws(UsageError) in o.request.jumpCount = try wholeNumber(value, name, 1...1000) },
]
