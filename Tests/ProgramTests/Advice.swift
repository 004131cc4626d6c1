/// A mistake that someone makes, and what they paste from the message that answers it.
struct Advice: Sendable, CustomStringConvertible {
  /// What was typed, in a shell, in a folder as `AdviceTests` makes it.
  let typed: String
  /// The part of the message that is pasted; for an expression of Python, all of it.
  let pasted: String
  /// What is typed then, with that part in it.
  let then: String

  init(_ typed: String, says pasted: String, then: String) {
    (self.typed, self.pasted, self.then) = (typed, pasted, then)
  }

  var description: String { typed }
}

extension Advice {
  /// On the words of the command line, which no file is read for.
  static let words: [Advice] = [
    Advice("sample --steps 1 --seed -1 -o a.png", says: "leave --seed out", then: "sample --steps 1 -o a.png"),
    Advice("sample help", says: "sample --help", then: "sample --help"),
    Advice("train help", says: "train --help", then: "train --help"),
    Advice("sample train", says: "train --help", then: "train --help"),
    Advice("sample samplers", says: "sample --sampler help", then: "sample --sampler help"),
    Advice("sample inspcet m.safetensors", says: "sample inspect", then: "sample inspect m.safetensors"),
    Advice("sample generate --steps 1", says: "leave \"generate\" out", then: "sample --steps 1"),
    Advice(
      "sample python3 scripts/image_sample.py --steps 1", says: "type sample in place of python, the script",
      then: "sample --steps 1"),
    Advice("sample --prompt 'a seven'", says: "leave it out", then: "sample --steps 1"),
    Advice("sample 'a seven'", says: "leave it out", then: "sample --steps 1"),
    Advice("sample --steps 1 -W 512", says: "--scale 2", then: "sample --steps 1 --scale 2"),
    Advice(
      "sample -m 'my model.safetensors'", says: "--model 'my model.safetensors'",
      then: "sample --steps 1 --model 'my model.safetensors'"),
    Advice("sample -s 42", says: "--seed 42", then: "sample --steps 1 --seed 42"),
    Advice("sample -t 2", says: "--threads 2", then: "sample --steps 1 --threads 2"),
    Advice("sample -b 2", says: "--count 2", then: "sample --steps 1 --count 2 --grid"),
    Advice("sample -i p28.png", says: "--init-image p28.png", then: "sample --steps 4 --init-image p28.png"),
    Advice("sample --cfg-scale 1.5", says: "--guidance 1.5", then: "sample --steps 1 --guidance 1.5"),
    Advice("sample --sampling-method euler_a", says: "--sampler euler_a", then: "sample --steps 1 --sampler euler_a"),
    Advice("sample --init-img p28.png", says: "--init-image p28.png", then: "sample --steps 4 --init-image p28.png"),
    Advice("sample --num_inference_steps=2", says: "--steps 2", then: "sample --steps 2"),
    Advice("sample --guidance-scale 2", says: "--guidance 2", then: "sample --steps 1 --guidance 2"),
    Advice("sample --num_images 2", says: "--count 2", then: "sample --steps 1 --count 2 --grid"),
    Advice(
      "sample --sampling-method lms", says: "--sampler ddim", then: "sample --steps 1 --sampler ddim"),
    Advice(
      "sample --sampler 'DPM++ 2M Karras'", says: "--sampler dpmpp-2m --spacing karras",
      then: "sample --steps 4 --sampler dpmpp-2m --spacing karras"),
    Advice("sample --scheduler DDIM", says: "--sampler ddim", then: "sample --steps 1 --sampler ddim"),
    Advice("sample --device cpu", says: "leave it out", then: "sample --steps 1"),
    Advice(
      "sample --seeds 0-63", says: "--rng torch --seed 0 --count 64 --out 'img-%05d.png'",
      then: "sample --steps 1 --rng torch --seed 0 --count 64 --out 'img-%05d.png'"),
    Advice("sample --steps 1 --stesp 2", says: "--steps", then: "sample --steps 2"),
    Advice("sample --steps 1 --out=~/a.png", says: "--out ~/a.png", then: "sample --steps 1 --out ~/a.png"),
    Advice(
      "sample --steps 1 --out='~/my pics/a.png'", says: "--out ~/'my pics/a.png'",
      then: "mkdir -p ~/'my pics'; sample --steps 1 --out ~/'my pics/a.png'"),
    Advice(
      "sample inspect '~/m.safetensors'", says: "~/m.safetensors",
      then: "cp m.safetensors ~; sample inspect ~/m.safetensors"),
    Advice(
      "sample --steps 1 --out 'my pics/a.png'", says: "mkdir -p 'my pics'",
      then: "mkdir -p 'my pics'; sample --steps 1 --out 'my pics/a.png'"),
    Advice(
      "sample --steps 1 --out -x/a.png", says: "--out=-x/a.png", then: "mkdir ./-x; sample --steps 1 --out=-x/a.png"),
    Advice(
      "sample --steps 1 --out=-y/a.png", says: "mkdir -p ./-y",
      then: "mkdir -p ./-y; sample --steps 1 --out=-y/a.png"),
    Advice(
      "sample --steps 1 --out 'new dir'", says: "--out 'new dir/'", then: "sample --steps 1 --out 'new dir/'"),
    Advice(
      "sample --steps 1 --count 4 --shard 1/2 --out s%d.png", says: "--seed 1",
      then: "sample --steps 1 --count 4 --shard 1/2 --out s%d.png --seed 1"),
    Advice(
      "sample --steps 1 --out noise.npy", says: "--overwrite", then: "sample --steps 1 --out noise.npy --overwrite"),
    Advice("sample --steps 1 --out new", says: "--out new.png", then: "sample --steps 1 --out new.png"),
    Advice("sample --steps 1 --out /dev/stdout", says: "--out -", then: "sample --steps 1 --out - > a.png"),
    Advice(
      "sample --steps 1 --out /dev/null", says: "--out - > /dev/null", then: "sample --steps 1 --out - > /dev/null"),
    Advice(
      "sample --steps 1 --count 2 -o a.png", says: "--out 'a-%05d.png'",
      then: "sample --steps 1 --count 2 --out 'a-%05d.png'"),
    Advice(
      "sample --steps 1 --count 2 -o 'x/y/my z.png'", says: "--out 'x/y/my z-%05d.png'",
      then: "sample --steps 1 --count 2 --out 'x/y/my z-%05d.png'"),
    Advice(
      "sample --steps 1 --count 2 -o 'a-%s.png'", says: "--out 'img-%05d.png'",
      then: "sample --steps 1 --count 2 --out 'img-%05d.png'"),
    Advice("sample --steps 1 -o p.tar.gz", says: "--out p.tar", then: "sample --steps 1 --out p.tar"),
    Advice("sample --steps 1 -o a.gif", says: "--out img.png", then: "sample --steps 1 --out img.png"),
    Advice("sample --steps", says: "--steps 50", then: "sample --steps 50"),
    Advice(
      "sample --steps 1 --grid 1 --out x.npy", says: "--out sheet.png",
      then: "sample --steps 1 --grid 1 --out sheet.png"),
    Advice("sample --steps 0", says: "type --steps with a number from 1", then: "sample --steps 1"),
    Advice(
      "sample --steps 1 --resume", says: "--out 'img-%05d.png'",
      then: "sample --steps 1 --seed 1 --resume --out 'img-%05d.png'"),
    Advice(
      "sample --steps 1 --quiet --progress plain", says: "type only one of them", then: "sample --steps 1 --quiet"),
    Advice(
      "sample --steps 1 --eta 1 --sampler ddpm", says: "--sampler ddim", then: "sample --steps 1 --eta 1 --sampler ddim"
    ),
    Advice(
      "sample --steps 1 --mask m28.png", says: "--init-image",
      then: "sample --steps 4 --init-image p28.png --mask m28.png"),
    Advice("sample --steps 1 --class ''", says: "--class 0-9", then: "sample --steps 1 --class 0-9"),
    Advice("sample --respacing x", says: "ddim50", then: "sample --respacing ddim50"),
    Advice(
      "sample --timesteps 100,700", says: "--timesteps 999,700,400,100", then: "sample --timesteps 999,700,400,100"),
    Advice(
      "sample convert m.safetensors 'my model'", says: "sample convert m.safetensors 'my model.safetensors'",
      then: "sample convert m.safetensors 'my model.safetensors' --overwrite"),
    Advice(
      "sample interpolate p28.png", says: "sample interpolate", then: "sample interpolate p28.png q28.png --steps 1"),
    Advice("sample nll --steps 1", says: "sample nll", then: "sample nll --steps 1 --class 0 p28.png"),
    Advice("sample completions tcsh", says: "sample completions bash", then: "sample completions bash"),
    Advice("sample man x", says: "type sample man", then: "sample man"),
    Advice("sample inspect m.safetensors --steps 1", says: "leave it out", then: "sample inspect m.safetensors"),
    Advice("train --data data", says: "--out run", then: "train --data data $T --out run"),
    Advice("train data --out run", says: "--data data", then: "train $T --out run --data data"),
    Advice("train --train_data_dir data --out run", says: "--data data", then: "train $T --out run --data data"),
    Advice(
      "train --data data --out run --learning_rate 1e-3", says: "--lr 1e-3",
      then: "train $T --data data --out run --lr 1e-3"),
    Advice(
      "train --data data --out run --num_epochs 3", says: "type --steps and their number",
      then: "train $T --data data --out run --steps 1"),
    Advice(
      "train --data data --out run --clip-gradients 0", says: "--clip-gradients 1",
      then: "train $T --data data --out run --clip-gradients 1"),
    Advice(
      "train --data data --out run --null-class 0.1", says: "--class-cond True",
      then: "train $T --data classes --out run --null-class 0.1 --class-cond True"),
    Advice(
      "train --data data --out run --schedule-sampler lognormal", says: "--schedule-sampler uniform",
      then: "train $T --data data --out run --schedule-sampler uniform"),
    Advice("train --data data/1.png --out run", says: "--data data/", then: "train $T --data data/ --out run"),
    Advice(
      "train --data data --out run --image-size 30", says: "--channel-mult 1,2",
      then: "train --data data --out run --image-size 30 --channel-mult 1,2 --num-channels 32 --steps 1"),
    Advice(
      "train --data data --out run --in-channels 4 --background white", says: "leave --background out",
      then: "train $T --data data --out run"),
    Advice(
      "train ${T%1}2 --save-interval 1 --data data -o run --quiet; : > run/opt000002.safetensors; train --resume run",
      says: "rm run/opt000002.safetensors && train --resume run",
      then: "rm run/opt000002.safetensors && train --resume run"),
  ]

  /// On models, and what is given for one.
  static let models: [Advice] = [
    Advice(
      "cp m.safetensors n.safetensors; sample --steps 1 --model n.safetensors --out a.png && rm n.safetensors && "
        + "sample reproduce a.png",
      says: "type --model", then: "sample reproduce a.png --model m.safetensors"),
    Advice(
      "sample --steps 1 --model m.safetensors --count 0", says: "type --count with a number from 1",
      then: "sample --steps 1 --model m.safetensors --count 1"),
    Advice(
      "sample --model gz.safetensors.gz", says: "gunzip < gz.safetensors.gz > gz.safetensors",
      then: "gunzip < gz.safetensors.gz > gz.safetensors; sample --steps 1 --model gz.safetensors"),
    Advice(
      "sample --model 'my t.tar'", says: "tar -xf 'my t.tar'",
      then: "rm m.safetensors; tar -xf 'my t.tar'; sample --steps 1 --model m.safetensors"),
    Advice(
      "sample --model folder", says: "folder/m.safetensors", then: "sample --steps 1 --model folder/m.safetensors"),
    Advice(
      "sample --model 'two models'", says: "'two models/a.safetensors'",
      then: "sample --steps 1 --model 'two models/a.safetensors'"),
    Advice(
      "sample --model diffusers/unet/config.json", says: "diffusers/unet",
      then: "sample --steps 1 --model diffusers/unet"),
    Advice(
      "sample --model diffusers/scheduler/scheduler_config.json", says: "its folder, diffusers",
      then: "sample --steps 1 --model diffusers"),
    Advice(
      "sample --model file://$PWD/m.safetensors", says: "curl -fL -o m.safetensors file://",
      then: "command -v curl > /dev/null || curl() { cp \"${4#file://}\" \"$3\"; }; "
        + "curl -fL -o n.safetensors file://$PWD/m.safetensors && sample --steps 1 --model n.safetensors"),
    Advice(
      "sample --model google/ddpm-cifar10-32",
      says: "hf download google/ddpm-cifar10-32 --local-dir ddpm-cifar10-32",
      // What the hub's program does, where the network is not to be asked.
      then: """
        hf() { test "$1 $3" = "download --local-dir" && cp -r diffusers "$4"; }
        hf download google/ddpm-cifar10-32 --local-dir ddpm-cifar10-32 && sample --steps 1 --model ddpm-cifar10-32
        """),
    Advice(
      "sample --model classifier.safetensors", says: "sample inspect classifier.safetensors",
      then: "sample inspect classifier.safetensors"),
    Advice("sample --steps 1 --num-channels 64", says: "leave --num-channels out", then: "sample --steps 1"),
    Advice("sample --steps 1 --class x", says: "0, 1, 2", then: "sample --steps 1 --class 2"),
    Advice(
      "sample --steps 1 --noise noise.npy", says: "--count 2",
      then: "sample --steps 1 --noise noise.npy --count 2 --grid"),
    Advice(
      "sample --steps 1 --strength 0.0001 --init-image p28.png", says: "--strength 1",
      then: "sample --steps 1 --strength 1 --init-image p28.png"),
    Advice("sample --steps 1 --low-res p28.png", says: "leave --low-res out", then: "sample --steps 1"),
    Advice(
      "sample convert m.safetensors there.safetensors", says: "--overwrite",
      then: "sample convert m.safetensors there.safetensors --overwrite"),
    Advice(
      "sample --steps 1 --count 2 --out full", says: "--overwrite",
      then: "sample --steps 1 --count 2 --out full --overwrite"),
  ]
}
