#!/usr/bin/env bash
# Whether two builds do the same: runs the commands below with both, each in a folder of its own, and compares what they leave there,
# file for file and bit for bit.
#
# usage: same-bytes.sh OLD NEW, two folders that each hold sample and train; needs python3 and nothing besides
#
# Compared are the exit status of each command and all files: pixels, arrays, weights, tables. The words of messages are not, nor what a
# picture says of itself (same_files.py says what exactly); but NEW must draw OLD's pictures again, pixel for pixel, from what they
# say, and go on with what OLD has begun.
set -euo pipefail

# What is run, a line for each command, as it is typed in a shell; later ones may use what earlier ones have left. There are seeds
# everywhere, since without one there is another each time. What is to be compared must be in a file: standard output too.
#
#   [64] COMMAND     must end with this status; without it, with 0
#   again FILE       NEW draws this picture of OLD's again, by sample reproduce
#   hand-over PATH   OLD's file or folder is given to NEW in place of its own, for NEW to go on with
#
# There are models and containers (Tests/Fixtures/unet and /containers), diffusers, mnist.npz and, where there is one beside the repository, shared
# (../shared/models); lines that name a file in shared that is not there are left out, and those with kernels that this CPU has not.
commands() {
  cat << 'EOF'
# == where images go
sample --steps 3 --seed 7 --out plain.png
again plain.png
sample --steps 2 --seed 7
sample --steps 2 --seed 7 --class 3 --scale 3 -o class.png
again class.png
sample --steps 2 --seed 7 --count 4 --class 0-9 --out 'pattern-%03d.png'
mkdir folder && sample --steps 2 --seed 7 --count 3 --out folder
sample --steps 2 --seed 7 --count 3 --overwrite --class 5 --out folder/
sample --steps 2 --seed 7 --count 5 --class 0-9 --batch 2 --out images.tar
sample --steps 2 --seed 7 --count 5 --class 0-9 --scale 2 --no-metadata --out large.tar
sample --steps 2 --seed 7 --count 5 --class 0-9 --out images.npz
sample --steps 2 --seed 7 --count 5 --class 0-9 --out images.npy
sample --steps 2 --seed 7 --out - > pipe.png
sample --steps 2 --seed 7 -n 5 --grid --out sheet.png
sample --steps 2 --seed 7 -n 5 --grid 3 --scale 2 --class all --out - > sheet-pipe.png
sample --steps 2 --seed 7 --no-metadata --out bare.png
sample --steps 4 --seed 7 --out seen.png --frames frames.png --strip strip.png
again seen.png
again frames.png
sample --steps 3 --seed 7 -n 4 --grid --class 0-3 --out seen-sheet.png --frames frames-sheet.apng --strip strip-sheet.png
sample --steps 110 --seed 7 --guidance 1 --out many-steps.png --frames many-frames.png --strip many-strip.png
mkdir logged && sample --steps 2 --seed 7 -n 3 --out logged --log logged.log.jsonl --stats logged.stats.json --progress plain
sample --steps 2 --seed 7 --dry-run --count 100 --out dry.npz
sample --steps 2 --seed 7 --preview --out previewed.png
# == which images
sample --steps 2 --seed 7 --count 6 --batch 1 --out batches-of-1.npy
sample --steps 2 --seed 7 --count 6 --batch 4 --out batches-of-4.npy
sample --steps 2 --seed 7 --count 6 --threads 1 --out one-thread.npy
sample --steps 2 --seed 18446744073709551615 --index 4294967297 --out far.png
again far.png
sample --steps 2 --seed 7 --index 2-6 --batch 3 --out 'index-%d.png'
again index-5.png
mkdir shards && sample --steps 2 --seed 7 --count 7 --shard 1/3 --out shards && sample --steps 2 --seed 7 --count 7 --shard 3/3 --out shards
sample --steps 2 --seed 7 --count 7 --shard 2/3 --grid --out shard-sheet.png
mkdir resumed && sample --steps 2 --seed 7 --count 5 --out resumed --quiet
rm resumed/00001.png && truncate --size 100 resumed/00003.png && sample --steps 2 --seed 7 --count 6 --out resumed --resume
[1] sample --steps 3 --seed 7 --count 6 --out resumed --resume
mkdir handed && sample --steps 2 --seed 7 --count 2 --class 3 --guidance 2 --out handed --quiet
hand-over handed
# Refused if NEW has another version: images of one run are of one version.
sample --steps 2 --seed 7 --count 4 --class 3 --guidance 2 --out handed --resume
sample --steps 2 --seed 7 --count 8 --class 0-2,7,9-9 --out classes.npz
sample --steps 2 --seed 7 --count 12 --class all --out all-classes.npz
# == samplers and steps
sample --seed 7 --sampler ddim --steps 4 --out ddim.png
again ddim.png
sample --seed 7 --sampler ddpm --steps 4 --out ddpm.png
again ddpm.png
sample --seed 7 --sampler dpmpp-2m --steps 4 --out dpmpp-2m.png
again dpmpp-2m.png
sample --seed 7 --sampler dpmpp-2m-sde --steps 4 --out dpmpp-2m-sde.png
again dpmpp-2m-sde.png
sample --seed 7 --sampler unipc --steps 4 --out unipc.png
again unipc.png
sample --seed 7 --sampler heun --steps 4 --out heun.png
again heun.png
sample --seed 7 --sampler euler --steps 4 --out euler.png
again euler.png
sample --seed 7 --sampler euler-a --steps 4 --out euler-a.png
again euler-a.png
sample --seed 7 --sampler plms --steps 5 --out plms.png
again plms.png
sample --seed 7 --sampler ddim --steps 4 -n 2 --out ddim.npy
sample --seed 7 --sampler ddpm --steps 4 -n 2 --out ddpm.npy
sample --seed 7 --sampler dpmpp-2m --steps 4 -n 2 --spacing leading --out dpmpp-2m.npy
sample --seed 7 --sampler dpmpp-2m-sde --steps 4 -n 2 --spacing trailing --out dpmpp-2m-sde.npy
sample --seed 7 --sampler unipc --steps 4 -n 2 --spacing linspace --out unipc.npy
sample --seed 7 --sampler heun --steps 4 -n 2 --spacing karras --out heun.npy
sample --seed 7 --sampler euler --steps 4 -n 2 --spacing karras --out euler.npy
sample --seed 7 --sampler euler-a --steps 4 -n 2 --spacing linspace --out euler-a.npy
sample --seed 7 --sampler plms --steps 6 -n 2 --spacing leading --out plms.npy
sample --seed 7 --sampler ddim --steps 4 --spacing trailing --out spacing.png
again spacing.png
sample --seed 7 --sampler unipc --steps 3 --spacing karras --out karras.png
again karras.png
sample --seed 7 --timesteps 999,700,400,100,0 --out timesteps.png
again timesteps.png
sample --seed 7 --respacing 1,1,2 --out respacing.png
again respacing.png
sample --seed 7 --respacing ddim50 --guidance 1 --out ddim50.npy
sample --seed 7 --respacing 4 --sampler ddpm -n 2 --out respaced-ddpm.npy
sample --seed 7 --eta 0.5 --steps 4 --out eta.png
again eta.png
sample --seed 7 --eta 1 --steps 3 -n 2 --out eta.npy
sample --seed 7 --steps 3 --no-clip --out no-clip.npy
sample --seed 7 --rng torch --sampler ddpm --steps 3 -n 3 --batch 2 --class 1-3 --out torch-ddpm.npy
sample --seed 7 --rng torch --sampler ddim --steps 3 -n 3 --out torch-ddim.npy
sample --seed 7 --rng torch --sampler euler-a --steps 3 -n 2 --no-clip --out torch-euler-a.npz
sample --sampler help
# == guidance
sample --seed 7 --steps 3 --class 3 --guidance 3 --out guidance.png
again guidance.png
sample --seed 7 --steps 3 --class 3,4 -n 2 --guidance 0 --out guidance-0.npy
sample --seed 7 --steps 4 --class 3 --guidance 2.5 --guidance-interval 200-700 --out guidance-interval.png
again guidance-interval.png
sample --seed 7 --steps 3 --class 10 --guidance 1 --out null-class.npy
# == from a picture, from noise
sample --seed 7 --steps 5 --init-image plain.png --strength 0.6 --class 3 --out init.png
again init.png
sample --seed 7 --steps 4 --sampler ddpm --init-image sheet-pipe.png --strength 1 --out init-cut.png
again init-cut.png
sample --seed 7 --steps 5 --init-image mnist.npz -n 3 --out init.npy
sample --seed 7 --steps 5 --init-image images.npy --strength 0.3 --sampler heun -n 6 --out init-array.npz
sample --seed 7 --steps 4 --init-image plain.png --mask seen.png --jump-length 2 --jump-count 2 --out mask.png
again mask.png
sample --seed 7 --steps 5 --init-image plain.png --mask seen.png --strength 0.7 --sampler ddpm -n 2 --out mask.npy
sample --seed 7 --steps 3 --init-image plain.png --mask seen.png --jump-count 1 --rng torch --out mask-torch.npy
sample --seed 7 --steps 3 --noise images.npy --index 4 --class 4 --out noise.png
again noise.png
sample --seed 7 --steps 3 --noise images.npy --count 5 --sampler ddpm --out noise.npy
# == models of all families
sample --model models/improved-additive.weights.safetensors --steps 3 --seed 7 --out additive.png
again additive.png
sample --model models/improved-odd-28.weights.safetensors --steps 3 --seed 7 --sampler ddpm -n 2 --out odd-28.npy
sample --model models/improved-scaleshift-class.pt --steps 3 --seed 7 --class 4 --out scaleshift.png
again scaleshift.png
sample --model models/improved-scaleshift-class.pt --steps 3 --seed 7 -n 3 --image-size 16 --num-heads 2 --num-heads-upsample 4 --out heads.npy
sample --model models/improved-scaleshift-class.pt --steps 3 --seed 7 --null-class 10 --guidance 2 --class 4 --out null.png
again null.png
sample --model models/guided-updown-class.pt --steps 3 --seed 7 -n 2 --image-size 16 --num-head-channels 32 --noise-schedule cosine --out updown.npy
sample --model models/guided-updown-class.pt --steps 3 --seed 7 --image-size 8 --diffusion-steps 100 --rescale-timesteps --predict-xstart --class 2 --out small.png
again small.png
sample --model models/guided-neworder.weights.safetensors --steps 3 --seed 7 --sampler dpmpp-2m-sde --out neworder.png
again neworder.png
sample --model models/guided-noconv-resample.weights.safetensors --steps 3 --seed 7 -n 2 --sampler ddpm --out noconv.npz
sample --model models/improved-additive.weights.safetensors --steps 3 --seed 7 --sampler ddpm --sigma-small -n 2 --out sigma-small.npy
sample --model diffusers/ddpm-cifar-like --steps 3 --seed 7 --out cifar.png
again cifar.png
sample --model diffusers/ddpm-cifar-like --steps 3 --seed 7 --sampler ddpm --rng torch -n 2 --out cifar.npy
sample --model diffusers/default-like --steps 3 --seed 7 -n 2 --out default.npy
sample --model diffusers/default-like/unet/diffusion_pytorch_model.safetensors --steps 3 --seed 7 --out default-file.npy
sample --model diffusers/ddpm-cifar-like/unet/diffusion_pytorch_model.bin --steps 3 --seed 7 --out cifar-file.npy
sample --seed 7 --steps 5 --init-image cifar.png --out init-colours.png
cp models/improved-scaleshift-class.pt described.pt && echo '{"family": "improved", "image_size": 16, "num_heads": 2, "diffusion_steps": 200, "null_class": 10, "class_names": ["plane", "car"]}' > described.json
sample --model described.pt --steps 3 --seed 7 --class car --guidance 1.5 --out described.png
again described.png
sample --model shared/digits.pt --steps 3 --seed 7 --class 3 --out shared-digits.npy
# == super-resolution
sample --model models/guided-updown-class.pt --image-size 8 --steps 2 --seed 7 -n 3 --class 0,1 --out small.npz
sample --model models/guided-updown-class.pt --image-size 8 --steps 2 --seed 7 -n 2 --out small.npy
sample --model models/improved-superres.weights.safetensors --low-res small.png --steps 3 --seed 7 --out large.png
again large.png
sample --model models/improved-superres.weights.safetensors --low-res small.npz -n 4 --batch 3 --steps 3 --seed 7 --sampler ddpm --out large.npy
sample --model models/improved-superres.weights.safetensors --low-res small.npy -n 2 --steps 2 --seed 7 --out large.npz
# == classifiers
sample --model models/guided-neworder.weights.safetensors --classifier models/guided-classifier.weights.safetensors --class 2 --classifier-scale 5 --sampler ddim --steps 3 --seed 7 --out classifier.png
again classifier.png
sample --model models/guided-neworder.weights.safetensors --classifier models/guided-classifier.weights.safetensors --sampler ddpm -n 3 --steps 3 --seed 7 --out classifier.npy
sample --model models/guided-updown-class.pt --image-size 16 --classifier models/guided-classifier.weights.safetensors --class 1-2 -n 2 --steps 3 --seed 7 --sampler ddpm --out both-classes.npz
# == command lines of the original
sample --attention_resolutions 8 --class_cond True --diffusion_steps 1000 --dropout 0.1 --image_size 16 --learn_sigma True --noise_schedule linear --num_channels 32 --num_head_channels 32 --num_res_blocks 1 --resblock_updown True --use_fp16 True --use_scale_shift_norm True --model_path models/guided-updown-class.pt --batch_size 2 --num_samples 3 --timestep_respacing 4 --seed 7
sample --model_path models/improved-additive.weights.safetensors --num_samples 2 --timestep_respacing 25 --use_ddim True --clip_denoised False --seed 7
sample --model_path models/improved-superres.weights.safetensors --base_samples small.npz --small_size 8 --large_size 16 --num_samples 2 --timestep_respacing ddim4 --use_ddim True --seed 7 --out upstream-large.npz
sample --model_path models/guided-neworder.weights.safetensors --classifier_path models/guided-classifier.weights.safetensors --classifier_scale 2.0 --classifier_depth 1 --classifier_use_fp16 False --num_samples 2 --timestep_respacing 3 --seed 7 --out upstream-classifier.npz
# == kernels of each instruction set
SAMPLE_KERNELS=baseline sample --steps 2 --seed 7 --out baseline.npy
SAMPLE_KERNELS=avx2 sample --steps 2 --seed 7 --out avx2.npy
SAMPLE_KERNELS=avx512 sample --steps 2 --seed 7 --out avx512.npy
SAMPLE_KERNELS=baseline sample --model models/guided-updown-class.pt --image-size 16 --steps 2 --seed 7 --out baseline-guided.npy
sample bench --passes 1 --batch 3 --out bench.npy
sample bench --passes 1 --noise images.npy --threads 2 --out bench-noise.npy
sample bench --passes 1 --model models/guided-noconv-resample.weights.safetensors --batch 1,2 --layers --out bench-model.npy
sample bench --passes 1 --training --batch 2 --json
# == what models and pictures say
sample inspect --json models/improved-additive.weights.safetensors > additive.inspect.json
sample inspect --json models/improved-scaleshift-class.pt --image-size 16 > scaleshift.inspect.json
sample inspect --json models/guided-updown-class.pt > updown.inspect.json
sample inspect --json models/guided-classifier.weights.safetensors > classifier.inspect.json
sample inspect --json models/improved-superres.weights.safetensors > superres.inspect.json
sample inspect --json models/improved-1d.weights.safetensors > 1d.inspect.json
sample inspect --json models/improved-3d.weights.safetensors > 3d.inspect.json
sample inspect --json diffusers/ddpm-cifar-like > cifar.inspect.json
sample inspect diffusers/default-like
sample show guidance.png
sample reproduce guidance.png
sample reproduce additive.png --model models/improved-additive.weights.safetensors
sample --version && sample --help && sample nll --help && sample man && sample completions bash
train --version && train --help && train --man && train --completions fish
# == from one kind of file to another
sample convert models/improved-scaleshift-class.pt scaleshift.safetensors --image-size 16 --num-heads 2
sample convert scaleshift.safetensors scaleshift.pt
sample convert scaleshift.pt scaleshift-half.safetensors --half
sample convert scaleshift-half.safetensors scaleshift-half.pth
sample convert models/guided-neworder.weights.safetensors neworder.pt --half
sample convert models/guided-classifier.weights.safetensors classifier.pth
sample convert models/improved-superres.weights.safetensors superres.pt
sample convert models/improved-3d.weights.safetensors 3d.pt
sample convert diffusers/ddpm-cifar-like cifar.safetensors
sample convert diffusers/default-like default.pt --half
sample convert default.pt default.safetensors
sample convert shared/digits.pt shared-digits.safetensors
[1] sample convert scaleshift.pt scaleshift.safetensors
sample convert scaleshift.pt scaleshift.safetensors --overwrite --half
sample --model cifar.safetensors --steps 2 --seed 7 --out cifar-converted.npy
sample --model default.pt --steps 2 --seed 7 --out default-converted.npy
sample --model scaleshift-half.pth --steps 2 --seed 7 --class 1 --out scaleshift-converted.npy
# == pictures into noise, and back
sample encode plain.png --class 3 --steps 4 --out encoded.npy
sample --noise encoded.npy --class 3 --guidance 1 --sampler ddim --steps 4 --seed 7 --out encoded.png
again encoded.png
sample encode mnist.npz --steps 3 --batch 4 --spacing trailing --out encoded-all.npy
sample encode cifar.png --model diffusers/ddpm-cifar-like --steps 3 --no-clip --out encoded-cifar.npy
sample reconstruct plain.png seen.png --class 3,4 --steps 3 --grid --out reconstructed-sheet.png
sample reconstruct plain.png seen.png --class 3,4 --steps 3 --out 'reconstructed-%d.png'
again reconstructed-1.png
mkdir reconstructed && sample reconstruct mnist.npz --steps 3 --out reconstructed
again reconstructed/00004.png
sample reconstruct mnist.npz --timesteps 900,500,100 --out reconstructed.npy
sample interpolate plain.png seen.png --frames 4 --steps 3 --out between.png
sample interpolate plain.png seen.png --frames 4 --steps 3 --class 3 --out 'between-%d.png'
again between-2.png
mkdir between-seeds && sample interpolate --seed 7..8 --frames 3 --steps 3 --guidance 2 --class 5 --scale 2 --out between-seeds
again between-seeds/00001.png
sample interpolate --seed 7..9 --frames 5 --steps 3 --out between.npy
sample interpolate --seed 7..9 --frames 3 --steps 3 --model models/improved-additive.weights.safetensors --out between.tar
sample nll mnist.npz --steps 3 --seed 7 --out nll.csv
sample nll mnist.npz --steps 3 --seed 7 --batch 3 --out nll.json
sample nll plain.png seen.png --class 3,4 --respacing 2,1 --seed 7 --json > nll-respaced.json
sample nll mnist.npz --timesteps 999,500,0 --seed 7 --rng torch --batch 4 --out nll-torch.csv
sample nll additive.png --model models/improved-additive.weights.safetensors --steps 3 --seed 7 --out nll-additive.json
# == training
train --data mnist.npz --image-size 28 $small --diffusion-steps 3 --batch-size 2 --steps 4 --save-interval 2 --sample-interval 2 --log-interval 1 --seed 1 --out run
sample --model run --steps 3 --seed 7 --out run.png
again run.png
train --resume run --steps 5 --quiet
sample convert run/ema_0.9999_000005.safetensors run.pt
sample --model run.pt --steps 3 --seed 7 --sampler ddpm --out run.npy
train --data mnist.npz --image-size 16 $small --class-cond True --null-class 0.3 --noise-schedule cosine --predict-xstart True --batch-size 4 --steps 3 --lr 1e-3 --warm-up 2 --clip-gradients 1 --ema-rate 0.9,0.99 --flip --seed 7 --out run-classes
sample --model run-classes --class 3 --guidance 2 --steps 3 --seed 7 --out run-classes.png
again run-classes.png
train --data mnist.npz --image-size 16 $small --schedule-sampler loss-second-moment --diffusion-steps 3 --batch-size 4 --microbatch 2 --use-checkpoint --dropout 0.2 --steps 14 --save-interval 7 --seed 7 --out run-more
train --data mnist.npz --image-size 16 $small --learn-sigma True --rescale-learned-sigmas False --lr-anneal-steps 4 --weight-decay 0.05 --seed 7 --batch-size 3 --out run-sigma
train --data mnist.npz --image-size 16 $small --learn-sigma True --use-kl True --sigma-small True --use-scale-shift-norm False --rescale-timesteps False --steps 2 --seed 7 --out run-kl
train --data mnist.npz --image-size 16 $small --classifier --num-head-channels 32 --batch-size 4 --steps 3 --lr 1e-2 --seed 7 --out run-classifier
sample --model run-classes --classifier run-classifier --classifier-scale 3 --class 2 --guidance 1 --sampler ddim --steps 3 --seed 7 --out run-classifier.png
again run-classifier.png
train --data_dir mnist.npz --image_size 32 --in_channels 1 --classifier_width 32 --classifier_depth 1 --classifier_attention_resolutions 8 --iterations 2 --anneal_lr True --batch_size 4 --noised False --seed 7 --out run-upstream-classifier
train --data mnist.npz --image-size 16 $small --small-size 8 --batch-size 4 --steps 2 --seed 7 --out run-large
sample --model run-large --low-res additive.png --steps 2 --seed 7 --out run-large.png
again run-large.png
mkdir pictures && sample --steps 2 --seed 7 -n 3 --class 1 --out 'pictures/one_%d.png' && sample --steps 2 --seed 7 -n 3 --class 2 --out 'pictures/two_%d.png'
train --data pictures --image-size 16 $small --class-cond True --batch-size 2 --steps 2 --seed 7 --out run-pictures
sample --model run-pictures --class two,one -n 2 --steps 2 --seed 7 --out 'run-pictures-%d.png'
again run-pictures-1.png
mkdir colours && sample --model models/guided-updown-class.pt --image-size 16 --steps 2 --seed 7 -n 2 --out 'colours/%d.png' --quiet
train --data colours --image-size 16 --num-channels 32 --num-res-blocks 1 --channel-mult 1,1 --attention-resolutions 8 --num-head-channels 16 --resblock-updown True --use-new-attention-order --batch-size 2 --steps 2 --seed 7 --out run-colours
train --data pictures --image-size 16 $small --resume-checkpoint run-pictures/model000002.safetensors --class-cond True --steps 1 --seed 7 --out run-begun
train --data mnist.npz --image-size 16 $small --batch-size 2 --steps 2 --seed 7 --out run-handed
hand-over run-handed
train --resume run-handed --steps 4
# == what must fail
[64] sample --nope
[64] sample --steps 2 --respacing 4 --out refused.png
[64] sample --sampler nope --out refused.png
[64] sample --count 2 --out refused.png
[64] sample --steps 0 --out refused.png
[64] sample --mask plain.png --out refused.png
[64] sample --sampler ddpm --eta 0.5 --out refused.png
[64] sample --class 11 --out refused.png
[64] sample --out refused.jpg
[64] sample inspect
[64] sample convert scaleshift.pt refused.ckpt
[64] sample interpolate plain.png --frames 3
[64] sample encode plain.png --guidance 2
[64] train --data mnist.npz
[64] train --data mnist.npz --out refused --microbatch 99 --batch-size 2
[1] sample --model missing.pt --out refused.png
[1] sample --model containers/zip.pt --out refused.png
[1] sample --model models/guided-classifier.weights.safetensors --out refused.png
[1] sample --model models/improved-1d.weights.safetensors --out refused.png
[1] sample --model models/improved-scaleshift-class.pt --num-channels 64 --out refused.png
[1] sample --noise encoded-all.npy --out refused.png
[1] sample --steps 2 --seed 7 --out missing/refused.png
[1] sample --steps 2 --seed 7 --count 3 --out folder
[1] sample --init-image plain.png --mask class.png --out refused.png
[1] sample show mnist.npz
[1] sample reproduce bare.png
[1] sample reproduce sheet.png
[1] train --resume folder
[1] train --data missing --out refused
[1] train --data mnist.npz --image-size 16 $small --steps 2 --out run
EOF
}

# Of networks that are trained, what makes them small.
export small="--in-channels 1 --num-channels 32 --num-res-blocks 1 --channel-mult 1,2 --attention-resolutions 8,14 --num-heads 2"

if [ $# != 2 ]; then
  echo "usage: same-bytes.sh OLD NEW, two folders that each hold sample and train" >&2
  exit 64
fi
old=$(realpath "$1")
new=$(realpath "$2")
for program in "$old/sample" "$old/train" "$new/sample" "$new/train"; do
  test -f "$program" -a -x "$program" || { echo "same-bytes: there is no program $program" >&2; exit 64; }
done
here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

for side in old new; do
  mkdir "$folder/$side"
  ln -s "$repository/Tests/Fixtures/unet" "$folder/$side/models"
  for name in containers diffusers mnist.npz; do ln -s "$repository/Tests/Fixtures/$name" "$folder/$side/$name"; done
  if [ -d "$repository/../shared/models" ]; then ln -s "$repository/../shared/models" "$folder/$side/shared"; fi
done

# Runs a line with the programs in folder $1, in the scratch folder of side $2; its words go to $3.words, its status to $3.status.
run() {
  local status=0
  (cd "$folder/$2" && PATH="$1:$PATH" exec bash -e -o pipefail -c "$4") > "$folder/$3.words" 2>&1 < /dev/null || status=$?
  echo "$status" > "$folder/$3.status"
}

# Whether a line can be run here.
possible() {
  local word flag
  for word in $1; do
    case $word in
    shared/*) test -e "$folder/old/$word" || return 1 ;;
    SAMPLE_KERNELS=baseline) ;;
    SAMPLE_KERNELS=*)
      flag=${word#*=}
      grep -q -w "${flag/avx512/avx512f}" /proc/cpuinfo || return 1
      ;;
    esac
  done
}

# What differs, in the order of the commands.
differences=()
last=
differs() {
  echo "      $1"
  if [ "$last" != "$line" ]; then differences+=("$line"); fi
  last=$line
}

count=0
left_out=0
while IFS= read -r line; do
  case $line in
  "" | "#"*)
    if [[ $line == "# == "* ]]; then echo "${line#\# }"; fi
    continue
    ;;
  "hand-over "*)
    name=${line#hand-over }
    rm -rf "${folder:?}/new/$name"
    cp -a "$folder/old/$name" "$folder/new/$name"
    continue
    ;;
  esac
  if ! possible "$line"; then
    left_out=$((left_out + 1))
    continue
  fi
  count=$((count + 1))
  printf '%4d  %.140s\n' "$count" "$line"
  case $line in
  "again "*)
    run "$new" old new "sample reproduce '${line#again }'"
    grep -q "pixel-identical" "$folder/new.words" || differs "NEW draws OLD's otherwise: $(tail -n 1 "$folder/new.words")"
    continue
    ;;
  "["*)
    expected=${line#\[}
    expected=${expected%%\]*}
    command=${line#*\] }
    ;;
  *)
    expected=0
    command=$line
    ;;
  esac
  run "$old" old old "$command" &
  run "$new" new new "$command"
  wait
  for side in old new; do
    status=$(< "$folder/$side.status")
    if [ "$status" != "$expected" ]; then
      differs "${side^^} ended with $status, not $expected: $(tail -n 1 "$folder/$side.words")"
    fi
  done
  while IFS= read -r file; do differs "$file"; done < <(python3 "$here/same_files.py" "$folder/compared" "$folder/old" "$folder/new" 2>&1)
done < <(commands)

if [ "$left_out" -gt 0 ]; then echo "$left_out commands were left out, for want of files in ../shared/models or of such a CPU"; fi
if [ ${#differences[@]} -gt 0 ]; then
  trap - EXIT
  echo
  echo "${#differences[@]} of $count commands differ (what they left is in $folder/old and new):"
  printf '  %s\n' "${differences[@]}"
  exit 1
fi
echo "$count commands, all the same"
