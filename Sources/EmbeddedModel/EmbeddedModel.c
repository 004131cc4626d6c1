#include "EmbeddedModel.h"

_Alignas(64) static const unsigned char bytes[] = {
#embed "digits.safetensors"
};

const void *embedded_model(void) { return bytes; }

size_t embedded_model_size(void) { return sizeof bytes; }
