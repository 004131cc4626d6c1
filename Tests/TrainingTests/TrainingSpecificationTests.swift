import DiffusionBytes
import DiffusionCore
import DiffusionModels
import DiffusionTraining
import Testing

/// What a request comes to, as checkpoints have said it since there are any.
struct TrainingSpecificationTests {
  struct Case: Sendable {
    let request: String
    let classes: Int?
    let description: String
  }

  static let cases = [
    Case(
      request: #"{"settings": {"num_channels": 32, "num_res_blocks": 1}}"#, classes: nil,
      description:
        #"""
        {"attention_resolutions":[4,8],"channel_mult":[1,2,3,4],"diffusion_steps":1000,\#
        "family":"improved-diffusion","image_size":64,"in_channels":3,"learn_sigma":false,"model_channels":32,\#
        "noise_schedule":"linear","num_heads":4,"num_res_blocks":1,"out_channels":3,"predict_xstart":false,\#
        "resblock_updown":false,"rescale_timesteps":true,"sigma_small":false,"use_new_attention_order":false,\#
        "use_scale_shift_norm":true}
        """#
    ),
    Case(
      request:
        #"""
        {"null_class": 0.1, "settings": {"image_size": 16, "in_channels": 1, "num_channels": 32,\#
         "num_res_blocks": 1, "channel_mult": [1, 2], "attention_resolutions": [8, 14], "num_heads": 2,\#
         "class_cond": true, "learn_sigma": true, "noise_schedule": "cosine", "predict_xstart": true,\#
         "sigma_small": true, "rescale_timesteps": false, "num_heads_upsample": 1, "use_scale_shift_norm": false,\#
         "diffusion_steps": 100}}
        """#,
      classes: 10,
      description:
        #"""
        {"attention_resolutions":[1,2],"channel_mult":[1,2],"diffusion_steps":100,"family":"improved-diffusion",\#
        "image_size":16,"in_channels":1,"learn_sigma":true,"model_channels":32,"noise_schedule":"cosine",\#
        "null_class":10,"num_classes":11,"num_heads":2,"num_heads_upsample":1,"num_res_blocks":1,"out_channels":2,\#
        "predict_xstart":true,"resblock_updown":false,"rescale_timesteps":false,"sigma_small":true,\#
        "use_new_attention_order":false,"use_scale_shift_norm":false}
        """#
    ),
    Case(
      request:
        #"""
        {"small_size": 8, "settings": {"image_size": 16, "in_channels": 1, "num_channels": 32,\#
         "num_res_blocks": 1, "channel_mult": [1, 2], "attention_resolutions": [8, 14], "num_heads": 2,\#
         "num_head_channels": 16, "resblock_updown": true, "use_new_attention_order": true}}
        """#,
      classes: nil,
      description:
        #"""
        {"attention_resolutions":[1,2],"channel_mult":[1,2],"diffusion_steps":1000,"family":"guided-diffusion",\#
        "image_size":16,"in_channels":1,"kind":"SuperResModel","learn_sigma":false,"model_channels":32,\#
        "noise_schedule":"linear","num_head_channels":16,"num_heads":2,"num_res_blocks":1,"out_channels":1,\#
        "predict_xstart":false,"resblock_updown":true,"rescale_timesteps":true,"sigma_small":false,\#
        "use_new_attention_order":true,"use_scale_shift_norm":true}
        """#
    ),
    Case(
      request:
        #"""
        {"settings": {"image_size": 16, "in_channels": 1, "num_channels": 32, "num_res_blocks": 1,\#
         "channel_mult": [1, 2], "attention_resolutions": [16, 8, 4, 2, 32], "num_heads": 2, "class_cond": true,\#
         "num_head_channels": 16}}
        """#,
      classes: 10,
      description:
        #"""
        {"attention_resolutions":[1,2,4,8],"channel_mult":[1,2],"diffusion_steps":1000,\#
        "family":"guided-diffusion","image_size":16,"in_channels":1,"learn_sigma":false,"model_channels":32,\#
        "noise_schedule":"linear","num_classes":10,"num_head_channels":16,"num_heads":2,"num_res_blocks":1,\#
        "out_channels":1,"predict_xstart":false,"resblock_updown":false,"rescale_timesteps":true,\#
        "sigma_small":false,"use_new_attention_order":false,"use_scale_shift_norm":true}
        """#
    ),
    Case(
      request:
        #"""
        {"classifier": true, "settings": {"image_size": 32, "in_channels": 1, "num_channels": 64,\#
         "num_res_blocks": 1, "channel_mult": [1, 2]}}
        """#,
      classes: 2,
      description:
        #"""
        {"attention_resolutions":[1,2,4],"channel_mult":[1,2],"class_names":["one","two"],"diffusion_steps":1000,\#
        "family":"guided-diffusion","image_size":32,"in_channels":1,"kind":"EncoderUNetModel","model_channels":64,\#
        "noise_schedule":"linear","num_head_channels":64,"num_heads":4,"num_res_blocks":1,"out_channels":2,\#
        "predict_xstart":false,"resblock_updown":true,"rescale_timesteps":true,"sigma_small":false,\#
        "use_new_attention_order":false,"use_scale_shift_norm":true}
        """#
    ),
  ]

  @Test(arguments: cases)
  func describesItselfAsEver(_ c: Case) throws {
    let request = try decodeJSON(TrainingRequest.self, from: c.request.utf8)
    let specification = try TrainingSpecification(
      request, classCount: c.classes, classNames: request.isClassifier ? ["one", "two"] : nil)
    #expect(try specification.description.json() == c.description)
    // Drawing makes the same of what the file says.
    let read = try ModelDescription(json: c.description, file: "test")
    #expect(UNetConfiguration(read) == specification.configuration)
    #expect(try ProcessSpecification(read, name: "test") == specification.process)
  }

  @Test func optionsOfTrainingAreNotDescribed() throws {
    var request = try decodeJSON(TrainingRequest.self, from: Self.cases[0].request.utf8)
    (request.dropout, request.useCheckpoint) = (0.5, true)
    let specification = try TrainingSpecification(request, classCount: nil, classNames: nil)
    #expect(specification.configuration.dropout == 0.5 && specification.configuration.useCheckpoint)
    #expect(try specification.description.json() == Self.cases[0].description)
  }

  @Test func sizesOfPicturesToEnlargeAreChecked() {
    for size in [48, 64, 128] {
      var request = TrainingRequest(data: "p")
      request.smallSize = size
      let reason = "--small-size \(size): pictures of 64 pixels are halved, or more, to it; 32 for instance"
      #expect(throws: ModelError.unusable(reason: reason)) {
        try TrainingSpecification(request, classCount: nil, classNames: nil)
      }
    }
  }

  @Test(arguments: [
    (
      #"{"image_size": 28}"#,
      "for pictures of 28 pixels the original has no usual levels; type for instance --channel-mult 1,2,2"
    ),
    (
      #"{"image_size": 30, "channel_mult": [1, 2, 2]}"#,
      "--image-size 30 cannot be halved 2 times; choose a multiple of 4, or a shorter --channel-mult"
    ),
    (
      #"{"num_channels": 40}"#,
      "a level would have 40 channels, but normalisation needs a multiple of 32: change num_channels or channel_mult; "
        + "type for instance --num-channels 64"
    ),
    (#"{"diffusion_steps": 0}"#, "the model: a process of 0 steps is not one of 1 to 100000"),
  ])
  func whatCannotBeIsSaid(settings: String, message: String) throws {
    let request = TrainingRequest(
      data: "p", settings: try decodeJSON(StatedSettings.self, from: settings.utf8))
    #expect(request.problem == nil)
    #expect(throws: ModelError.unusable(reason: message)) {
      try TrainingSpecification(request, classCount: nil, classNames: nil)
    }
  }
}
