/// Options for starting from an image instead of pure noise.
let pictureOptions: [OptionDefinition] = [
  OptionDefinition(
    "init-image", .required(name: "FILE", example: "photo.png"), .drawing,
    """
    start from this image with noise added, instead of pure noise: a PNG or JPEG, which is centre-cropped and scaled \
    to the model's size, composited over black, and made grey for a grey model; \
    a .npz or .npy as for --low-res, but of the model's size; or a folder of such, one for each image
    """
  ) { o, value, _ throws(UsageError) in o.request.initImage = value },
  OptionDefinition(
    "strength", .required(name: "S", example: "0.6"), .drawing,
    """
    with --init-image: the fraction of the steps to take, and so the amount of noise to add; near 0 the image hardly \
    changes, at 1 hardly anything of it is left; default 0.6, or 1 with --mask
    """
  ) { o, value, name throws(UsageError) in o.request.strength = try number(value, name, from: nil, example: "0.5") },
  OptionDefinition(
    "mask", .required(name: "FILE", example: "mask.png"), .drawing,
    """
    with --init-image: inpaint with this PNG or JPEG of the same size, white where to redraw, black where to keep \
    every pixel; greys count as the nearer of the two (RePaint, Lugmayr et al. 2022)
    """
  ) { o, value, _ throws(UsageError) in o.request.mask = value },
  OptionDefinition(
    "jump-length", .required(name: "N", example: "10"), .drawing,
    "with --mask: repeat each stretch of this many steps, so that the new area matches what is kept; default 10"
  ) { o, value, name throws(UsageError) in o.request.jumpLength = try wholeNumber(value, name, 1...1_000_000) },
  OptionDefinition(
    "jump-count", .required(name: "N", example: "5"), .drawing,
    "with --mask: how often each stretch is drawn; 1 is fastest, the paper uses 10; default 3"
  ) { o, value, name throws(UsageError) in o.request.jumpCount = try wholeNumber(value, name, 1...1000) },
  OptionDefinition(
    "condition", .required(name: "FILE", example: "picture.png"), .drawing,
    """
    for a conditional model (SR3, Palette, UNets with more input than output channels): the images to draw from, a \
    file as for --init-image or a folder of such; with --mask, Palette completes them where the mask is white
    """
  ) { o, value, _ throws(UsageError) in o.request.condition = value },
  OptionDefinition(
    "low-res", .required(name: "FILE", example: "small.png"), .drawing,
    """
    for a super-resolution model: the images to enlarge, a .png or .jpg, a .npz as written by sample, \
    a .npy of float32 [N,C,h,w] in -1 to 1, or a folder of such, one for each image
    """
  ) { o, value, _ throws(UsageError) in o.request.lowRes = value },
]
