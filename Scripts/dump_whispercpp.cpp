// Dumps a Whisper encoder in whisper.cpp, every operation's output.
//
// usage: dump_whispercpp MODEL.bin AUDIO.wav|MEL.npy FOLDER [--threads N] [--no-flash-attn]
//
// Built beside a whisper.cpp checkout, which it includes whole to reach the encoder's scheduler:
//   cmake -B build -DBUILD_SHARED_LIBS=OFF && cmake --build build --target ggml
//   c++ -O2 -std=c++17 -I. -Isrc -Iinclude -Iggml/include dump_whispercpp.cpp -o dump_whispercpp \
//     build/ggml/src/libggml.a build/ggml/src/libggml-cpu.a build/ggml/src/libggml-base.a -lpthread -ldl
//
// AUDIO is 16-bit mono at 16 kHz and goes through whisper.cpp's own log-mel; MEL.npy is Float32,
// [mels, frames]. FOLDER gets one .npy for each tap, with encoder-diff's names; values are told by
// the weights that their operations read. Layouts are ggml's: the stem's are [channels, frames].
#include "src/whisper.cpp"

#include <cstdio>
#include <filesystem>

namespace {

struct Recorder {
    std::string folder;
    // Weights by their tensors, as views of them are read too.
    std::map<const ggml_tensor *, std::string> weights;
    // The tap that the last named value belongs to, e.g. encoder.blocks.3.mlp.0.
    std::string latest;
    int numWritten = 0;
};

std::string withoutSuffix(const std::string & name, const std::string & suffix) {
    const size_t length = name.size() - std::min(name.size(), suffix.size());
    return name.compare(length, std::string::npos, suffix) == 0 ? name.substr(0, length) : std::string();
}

std::string block(const std::string & tap) {
    // encoder.blocks.N of encoder.blocks.N.attn.query
    const size_t start = std::string("encoder.blocks.").size();
    return tap.compare(0, start, "encoder.blocks.") == 0 ? tap.substr(0, tap.find('.', start)) : std::string();
}

const std::string * weight(const Recorder & recorder, const ggml_tensor * tensor) {
    for (; tensor != nullptr; tensor = tensor->view_src) {
        const auto found = recorder.weights.find(tensor);
        if (found != recorder.weights.end()) {
            return &found->second;
        }
    }
    return nullptr;
}

// The tap that `node` is, or nothing for the values between taps.
std::string tapOf(Recorder & recorder, const ggml_tensor * node) {
    std::string read;
    for (int index = 0; index < GGML_MAX_SRC && node->src[index] != nullptr; ++index) {
        if (const std::string * name = weight(recorder, node->src[index])) {
            read = *name;
        }
    }
    const std::string inside = block(recorder.latest);
    switch (node->op) {
        case GGML_OP_ADD:
            if (read == "encoder.positional_embedding") return "encoder.embed";
            if (!read.empty()) return withoutSuffix(read, ".bias");
            return recorder.latest == inside + ".attn.out" ? inside + ".attn_residual" : inside;
        case GGML_OP_UNARY:
            if (recorder.latest == "encoder.conv1") return "encoder.gelu1";
            if (recorder.latest == "encoder.conv2") return "encoder.gelu2";
            return inside + ".mlp.1";
        case GGML_OP_MUL_MAT:
            if (read.find(".attn.key.weight") != std::string::npos) return withoutSuffix(read, ".weight");
            if (!read.empty() || inside.empty() || node->ne[2] == 1) return "";
            return recorder.latest == inside + ".attn.probs" ? "" : inside + ".attn.scores";
        case GGML_OP_SOFT_MAX:
            return inside + ".attn.probs";
        case GGML_OP_CONT:
            return recorder.latest == inside + ".attn.probs" ? inside + ".attn.context" : "";
        case GGML_OP_FLASH_ATTN_EXT:
            return inside + ".attn.context";
        default:
            return "";
    }
}

// Format version 1.0 with Float32 in row-major order.
bool writeNpy(const std::string & path, const std::vector<float> & values, const std::vector<int64_t> & shape) {
    std::string extents;
    for (const int64_t extent : shape) {
        extents += std::to_string(extent) + ", ";
    }
    std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (" + extents + "), }";
    header.resize((10 + header.size() + 1 + 63) / 64 * 64 - 11, ' ');
    header += '\n';
    const unsigned char start[] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0,
        (unsigned char) (header.size() & 0xff), (unsigned char) (header.size() >> 8)};
    FILE * file = fopen(path.c_str(), "wb");
    if (file == nullptr) {
        return false;
    }
    const bool isWritten = fwrite(start, 1, sizeof start, file) == sizeof start
        && fwrite(header.data(), 1, header.size(), file) == header.size()
        && fwrite(values.data(), sizeof(float), values.size(), file) == values.size();
    return (fclose(file) == 0) && isWritten;
}

bool observe(ggml_tensor * node, bool isQuestion, void * context) {
    Recorder & recorder = *static_cast<Recorder *>(context);
    if (isQuestion) {
        return true;  // Every node is computed by itself and shown.
    }
    const std::string tap = node->type == GGML_TYPE_F32 && ggml_is_contiguous(node) ? tapOf(recorder, node) : "";
    if (tap.empty()) {
        return true;
    }
    recorder.latest = tap;
    std::vector<float> values(ggml_nelements(node));
    ggml_backend_tensor_get(node, values.data(), 0, ggml_nbytes(node));
    std::vector<int64_t> shape;
    for (int axis = ggml_n_dims(node) - 1; axis >= 0; --axis) {
        shape.push_back(node->ne[axis]);
    }
    recorder.numWritten += writeNpy(recorder.folder + "/" + tap + ".npy", values, shape);
    return true;
}

std::vector<char> contents(const char * path) {
    std::vector<char> bytes;
    if (FILE * file = fopen(path, "rb")) {
        char buffer[1 << 16];
        for (size_t count; (count = fread(buffer, 1, sizeof buffer, file)) > 0;) {
            bytes.insert(bytes.end(), buffer, buffer + count);
        }
        fclose(file);
    }
    return bytes;
}

// A Float32 .npy [mels, frames], or a plain 16-bit mono WAV file.
bool setInput(whisper_context * context, const char * path, int numThreads) {
    const std::vector<char> bytes = contents(path);
    const int numMels = whisper_model_n_mels(context);
    if (bytes.size() > 10 && bytes[1] == 'N') {
        const size_t start = 10 + (unsigned char) bytes[8] + 256 * (unsigned char) bytes[9];
        const std::vector<float> mel((const float *) (bytes.data() + start), (const float *) (bytes.data() + bytes.size()));
        return whisper_set_mel(context, mel.data(), mel.size() / numMels, numMels) == 0;
    }
    if (bytes.size() < 44 || memcmp(bytes.data(), "RIFF", 4) != 0) {
        return false;
    }
    std::vector<float> samples;
    for (size_t offset = 44; offset + 1 < bytes.size(); offset += 2) {
        int16_t sample;
        memcpy(&sample, bytes.data() + offset, 2);
        samples.push_back(sample / 32768.0f);
    }
    return whisper_pcm_to_mel(context, samples.data(), samples.size(), numThreads) == 0;
}

// The mel that the encoder reads: cut or padded to the model's window.
void writeMel(const whisper_state & state, int numMels, int numFrames, const std::string & folder) {
    writeNpy(folder + "/mel.npy", std::vector<float>(state.inp_mel.begin(), state.inp_mel.end()), {numMels, numFrames});
}

}  // namespace

int main(int count, char ** arguments) {
    if (count < 4) {
        fprintf(stderr, "usage: dump_whispercpp MODEL.bin AUDIO.wav|MEL.npy FOLDER [--threads N] [--no-flash-attn]\n");
        return 2;
    }
    int numThreads = 1;
    whisper_context_params parameters = whisper_context_default_params();
    parameters.use_gpu = false;
    for (int index = 4; index < count; ++index) {
        if (strcmp(arguments[index], "--no-flash-attn") == 0) parameters.flash_attn = false;
        if (strcmp(arguments[index], "--threads") == 0 && index + 1 < count) numThreads = atoi(arguments[++index]);
    }
    whisper_context * context = whisper_init_from_file_with_params(arguments[1], parameters);
    if (context == nullptr || !setInput(context, arguments[2], numThreads)) {
        fprintf(stderr, "%s: the model or %s cannot be read\n", arguments[1], arguments[2]);
        return 2;
    }
    Recorder recorder;
    recorder.folder = arguments[3];
    std::filesystem::create_directories(recorder.folder);
    for (const auto & entry : context->model.tensors) {
        recorder.weights[entry.second] = entry.first;
    }
    ggml_backend_sched_set_eval_callback(context->state->sched_conv.sched, observe, &recorder);
    ggml_backend_sched_set_eval_callback(context->state->sched_encode.sched, observe, &recorder);
    if (whisper_encode(context, 0, numThreads) != 0) {
        fprintf(stderr, "the encoder failed\n");
        return 2;
    }
    writeMel(*context->state, whisper_model_n_mels(context), 2 * whisper_n_audio_ctx(context), recorder.folder);
    printf("%d taps in %s\n", recorder.numWritten, arguments[3]);
    whisper_free(context);
    return 0;
}
