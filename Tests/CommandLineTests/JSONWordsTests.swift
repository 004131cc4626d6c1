import Testing

@testable import DiffusionCommandLine

/// `sample run` answers in the words of JSON what the command line would answer in its own.
struct JSONWordsTests {
  @Test(arguments: [
    (
      "2 images do not fit into one file; type --out 'img-%05d.png' for one file per image, or --grid for one sheet",
      """
      2 images do not fit into one file; write "out": "img-%05d.png" for one file per image, or "grid" for one sheet
      """
    ),
    (
      "--steps: 0 is out of range; type --steps with a number from 1 to 1000000",
      "\"steps\": 0 is out of range; write \"steps\" with a number from 1 to 1000000"
    ),
    (
      "--eta is for ddim, but the sampler is ddpm; type --sampler ddim, or leave --eta out",
      "\"eta\" is for ddim, but the sampler is ddpm; write \"sampler\": \"ddim\", or leave \"eta\" out"
    ),
    (
      "--timesteps: each must be less than the one before; type for instance --timesteps 999,700,400,100",
      "\"timesteps\": each must be less than the one before; write for instance \"timesteps\": [999, 700, 400, 100]"
    ),
    (
      "--num-channels 64 contradicts m.pt, whose tensors say 32; leave --num-channels out",
      """
      "settings": {"num_channels": 64} contradicts m.pt, whose tensors say 32; leave "num_channels" in "settings" out
      """
    ),
    (
      "--out: a.png exists; type --resume to keep what is there and draw the rest, --overwrite to replace it",
      """
      "out": a.png exists; write "resume": true to keep what is there and draw the rest, "overwrite": true to replace it
      """
    ),
    (
      "x/y: there is no such file; type hf download x/y --local-dir y, and give what it brings",
      "x/y: there is no such file; type hf download x/y --local-dir y, and give what it brings"
    ),
    ("-- a--b x--steps --unknown 3", "-- a--b x--steps --unknown 3"),
  ])
  func optionsBecomeNames(message: String, json: String) { #expect(inJSONWords(message) == json) }
}
