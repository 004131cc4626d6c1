import DiffusionBytes
import DiffusionModels
import Testing

@testable import DiffusionTraining

struct TrainingRequestTests {
  private func read(_ json: String) throws -> TrainingRequest {
    try decodeJSON(TrainingRequest.self, from: json.utf8)
  }

  /// All that can be asked for goes into JSON and comes back; defaults are left out.
  @Test func goesThroughJSON() throws {
    #expect(try encodeJSON(TrainingRequest(data: "p")) == #"{"data":"p","ema_warm_up":true}"#)
    // The averages of earlier versions' runs did not warm up.
    var earlier = TrainingRequest(data: "")
    earlier.emaWarmUp = false
    #expect(try read("{}") == earlier)
    let json =
      #"""
      {"anneal_lr":true,"background":"white","batch_size":8,"classes_from":"folders","classifier":true,\#
      "clip_gradients":1.5,"data":"p","distill":"t","distill_stage":6,"dropout":0.25,\#
      "ema_rate":[0.5,0.75],"ema_warm_up":true,\#
      "features":"c","flip":true,"inception":"i","keep":3,"log_interval":1,"lr":0.5,"lr_anneal_steps":11,\#
      "microbatch":4,\#
      "noised":false,"null_class":0.125,"optimal_transport":true,\#
      "reference":"r","rescale_learned_sigmas":false,"resume_checkpoint":"m.pt",\#
      "sample_interval":3,"save_interval":2,"schedule_sampler":"loss-second-moment","score_count":50,\#
      "score_interval":4,"seed":18446744073709551615,\#
      "settings":{"channel_mult":[1,2],"class_cond":true,"image_size":28},"skip_bad":true,"small_size":14,"steps":9,\#
      "use_checkpoint":true,"use_kl":true,"warm_up":5,"weight_decay":0.5}
      """#
    let request = try read(json)
    #expect(try encodeJSON(request) == json)
    #expect(request.settings.channelMult == [1, 2] && request.settings.classCond == true)
    #expect(request.seed == .max && request.scheduleSampler == .lossSecondMoment && !request.isNoised)
    #expect(request.nullClassProbability == 0.125 && request.annealSteps == 11 && request.end == 9)
    // There is no other part that this example leaves out.
    for name in TrainingRequest.names { #expect(json.contains("\"\(name)\":"), "\(name)") }
  }

  @Test func knowsWhereItEnds() {
    var request = TrainingRequest(data: "p")
    #expect(request.end == nil)
    request.annealSteps = 5
    #expect(request.end == 5)
    request.steps = 3
    #expect(request.end == 3)
  }

  /// A name or a value that there is not is no default.
  @Test(arguments: [
    (#"{"learning_rate": 1}"#, "there is no \"learning_rate\"; there are anneal_lr, background, "),
    (#"{"settings": {"size": 1}}"#, "there is no \"size\"; there are attention_resolutions, "),
    (#"{"schedule_sampler": "uniforn"}"#, "uniforn"), (#"{"steps": "many"}"#, "a value of the wrong type at steps"),
    // Which number it is that does not fit, Foundation does not say.
    (#"{"batch_size": 0.5}"#, "not valid JSON"), (#"{"seed": -1}"#, "not valid JSON"),
  ])
  func strayNamesAreRefused(json: String, message: String) {
    do {
      Issue.record("\(json) is understood: \(try read(json))")
    } catch {
      let reason = jsonReason(error)
      #expect(reason.contains(message) && !reason.contains("\n"), "\(reason)")
    }
  }

  /// What a command line cannot say, code and JSON can.
  @Test(arguments: [
    (#"{}"#, "train needs pictures; type --data with a folder of pictures or a .npz"),
    (#"{"batch_size": 0}"#, "--batch-size: 0 is out of range; type --batch-size with a number from 1 to 1000000"),
    (#"{"microbatch": 17}"#, "--microbatch 17 is more than a step's --batch-size 16; leave --microbatch out"),
    (#"{"steps": 0}"#, "--steps: 0 is out of range; type --steps with a number from 1 to 1000000000"),
    (#"{"warm_up": -1}"#, "--warm-up: -1 is out of range; type --warm-up with a number from 0 to 1000000000"),
    (
      #"{"log_interval": 0}"#,
      "--log-interval: 0 is out of range; type --log-interval with a number from 1 to 1000000000"
    ),
    (#"{"lr": -1}"#, "--lr: -1.0 is out of range; type --lr with a number from 0 to 1000000"),
    (#"{"clip_gradients": 0}"#, "--clip-gradients: 0 would clip everything; type for instance --clip-gradients 1"),
    (
      #"{"steps": 9, "lr_anneal_steps": 8}"#,
      "--steps 9 is more than --lr-anneal-steps 8, after which the learning rate is 0; "
        + "type --steps 8, or --lr-anneal-steps 9"
    ), (#"{"keep": 0}"#, "--keep: 0 is out of range; type --keep with a number from 1 to 1000000000"),
    (#"{"dropout": 1}"#, "--dropout: 1.0 is out of range; type --dropout with a number from 0 up, below 1"),
    (#"{"ema_rate": [0.5, 0.5]}"#, "--ema-rate: a rate is named twice, and has one file; name each once"),
    (
      #"{"settings": {"image_size": 0}}"#,
      "--image-size: 0 is out of range; type --image-size with a number from 1 to 4096"
    ),
    (
      #"{"settings": {"attention_resolutions": [0]}}"#,
      "--attention-resolutions: \"0\" is not a number from 1 to 65536; type for instance --attention-resolutions 16,8"
    ),
    (
      #"{"settings": {"noise_schedule": "sine"}}"#,
      "--noise-schedule: \"sine\" is not a noise schedule; type linear, cosine or sigmoid"
    ),
    (
      #"{"settings": {"prediction": "v", "predict_xstart": true}}"#,
      "--prediction v contradicts --predict-xstart True; type only one of them"
    ),
    (#"{"settings": {"process": "edm"}}"#, "--process: \"edm\" is not learned here; type diffusion or flow"),
    (
      #"{"settings": {"sigma_min": 0.1}}"#,
      "settings' sigma_min is for EDM models, which are not learned here; leave it out"
    ),
    (
      #"{"distill": "m"}"#,
      "--distill goes through stages of an eighth of all steps; type --steps too, 10000 for instance"
    ),
    (
      #"{"distill": "m", "steps": 9, "resume_checkpoint": "n"}"#,
      "--resume-checkpoint is for other training than --distill; leave --resume-checkpoint out"
    ),
    (
      #"{"distill": "m", "steps": 9, "settings": {"process": "flow"}}"#,
      "--process is for other training than --distill; leave --process out"
    ),
    (
      #"{"distill_stage": 3}"#, "--distill-stage is for --distill; type --distill and a model too, or leave it out"
    ),
    (
      #"{"optimal_transport": true}"#,
      "--optimal-transport pairs the noise of flows; type --process flow too, or leave it out"
    ),
    (
      #"{"settings": {"process": "flow"}, "use_kl": true}"#,
      "--use-kl is for diffusion, and --process flow learns none; leave --use-kl out"
    ),
    (
      #"{"settings": {"process": "flow", "noise_schedule": "cosine"}}"#,
      "--noise-schedule is for diffusion, and --process flow learns none; leave --noise-schedule out"
    ),
    (#"{"settings": {"num_classes": 3}}"#, "--num-classes follows from the classes of the pictures; leave it out"),
    (
      #"{"small_size": 32, "sample_interval": 1}"#,
      "--sample-interval draws from noise alone, which --small-size trains no model for; leave it out"
    ),
    (#"{"null_class": 0.1}"#, "--null-class stands for none of the classes; type --class-cond True too"),
    (
      #"{"classifier": true, "sample_interval": 1}"#,
      "--sample-interval is for models that draw, and --classifier trains one that does not; "
        + "leave --sample-interval out"
    ),
    (
      #"{"classifier": true, "score_interval": 1}"#,
      "--score-interval is for models that draw, and --classifier trains one that does not; "
        + "leave --score-interval out"
    ),
    (
      #"{"small_size": 32, "score_interval": 1}"#,
      "--score-interval draws from noise alone, which --small-size trains no model for; leave it out"
    ),
    (
      #"{"settings": {"in_channels": 4}, "score_interval": 1, "features": "c"}"#,
      "--score-interval is for pictures of 1 or 3 channels, not 4; leave it out, or type 0"
    ),
    (
      #"{"score_interval": 1}"#,
      "--score-interval compares pictures by features of a network; type --features and a classifier that train "
        + "--classifier has made, or --inception and \(inceptionWeightsAdvice)"
    ),
    (
      #"{"score_interval": 1, "features": "c", "inception": "i"}"#,
      "--features and --inception both say by what to compare; type only one of them"
    ),
    (
      #"{"score_count": 9}"#,
      "--score-count is for scores, and none are made; type for instance --score-interval 1000 too"
    ),
  ])
  func whatCannotBeIsSaid(json: String, problem: String) throws {
    var request = try read(json)
    if json != "{}" { request.data = "p" }
    #expect(request.problem == problem)
    #expect(throws: TrainingError.request(problem)) { _ = try TrainingRun(request, folder: "/nowhere") }
  }

  @Test func notANumberIsNoNumber() {
    var request = TrainingRequest(data: "p")
    #expect(request.problem == nil)
    request.learningRate = .nan
    #expect(request.problem?.hasPrefix("--lr: nan") == true)
    request.learningRate = 1
    request.emaRates = [.nan]
    #expect(request.problem?.hasPrefix("--ema-rate: nan") == true)
  }
}
