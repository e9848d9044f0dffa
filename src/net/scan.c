#include "net/scan.h"

#include <stdbool.h>
#include <string.h>

#include "net/model.h"

typedef struct frame { const ProtobufCMessageDescriptor *type; size_t end; } frame;

typedef struct scan {
    const uint8_t *bytes;
    size_t at;
    int depth;                      /* frames in use */
    int64_t messages, fields;
    frame stack[FD_SCAN_DEPTH];
} scan;

static fd_error *cut_short(const scan *s)
{
    return FD_FAIL(FD_FORMAT, "not an ONNX network: a field at byte %zu does not end within the file (cut short?)", s->at);
}

static bool varint(scan *s, size_t end, uint64_t *value)
{
    *value = 0;
    for (int shift = 0; shift < 70 && s->at < end; shift += 7) {
        uint8_t byte = s->bytes[s->at++];
        *value |= shift < 64 ? (uint64_t)(byte & 0x7f) << shift : 0;
        if (byte < 0x80)
            return true;
    }
    return false;
}

static bool skip(scan *s, size_t end, uint64_t length)
{
    if (length > end - s->at)
        return false;
    s->at += (size_t)length;
    return true;
}

/* A length-delimited field: a message is entered, all else is passed over. */
static fd_error *delimited(scan *s, const frame *top, uint32_t tag)
{
    uint64_t length;
    if (!varint(s, top->end, &length) || length > top->end - s->at)
        return cut_short(s);
    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field(top->type, tag);
    if (!field || field->type != PROTOBUF_C_TYPE_MESSAGE) {
        s->at += (size_t)length;
        return NULL;
    }
    if (s->depth == FD_SCAN_DEPTH)
        return FD_FAIL(FD_FORMAT, "messages are nested more than %d deep at byte %zu", FD_SCAN_DEPTH, s->at);
    if (++s->messages > FD_SCAN_MESSAGES)
        return FD_FAIL(FD_FORMAT, "more than %d nodes, attributes and tensors", FD_SCAN_MESSAGES);
    s->stack[s->depth++] = (frame){field->descriptor, s->at + (size_t)length};
    return NULL;
}

static fd_error *field(scan *s)
{
    frame top = s->stack[s->depth - 1];
    uint64_t key, ignored;
    if (++s->fields > FD_SCAN_FIELDS)
        return FD_FAIL(FD_FORMAT, "more than %d fields", FD_SCAN_FIELDS);
    if (!varint(s, top.end, &key))
        return cut_short(s);
    if (key >> 3 == 0 || key >> 3 > 0x1fffffff)
        return FD_FAIL(FD_FORMAT, "not an ONNX network: no field at byte %zu", s->at);
    bool whole;
    switch (key & 7) {
    case 0:
        whole = varint(s, top.end, &ignored);
        break;
    case 1:
        whole = skip(s, top.end, 8);
        break;
    case 2:
        return delimited(s, &top, (uint32_t)(key >> 3));
    case 5:
        whole = skip(s, top.end, 4);
        break;
    default:
        return FD_FAIL(FD_FORMAT, "not an ONNX network: wire type %d at byte %zu", (int)(key & 7), s->at);
    }
    return whole ? NULL : cut_short(s);
}

static bool begins(const uint8_t *bytes, size_t n, const char *text)
{
    return n >= strlen(text) && memcmp(bytes, text, strlen(text)) == 0;
}

/* What people really end up with in place of a network. */
static fd_error *look(const uint8_t *bytes, size_t n)
{
    size_t at = 0;
    while (at < n && (bytes[at] == ' ' || bytes[at] == '\t' || bytes[at] == '\r' || bytes[at] == '\n'))
        at++;
    if (n == 0)
        return FD_FAIL(FD_FORMAT, "the file is empty");
    if (at < n && bytes[at] == '<')
        return FD_FAIL(FD_FORMAT, "not an ONNX network but a web page (HTML or XML); was the download refused?");
    if (begins(bytes, n, "version https://git-lfs"))
        return FD_FAIL(FD_FORMAT, "not an ONNX network but a Git LFS pointer; fetch the file itself with `git lfs pull`");
    if (begins(bytes, n, "PK\x03\x04"))
        return FD_FAIL(FD_FORMAT, "not an ONNX network but a zip archive (a PyTorch checkpoint?); export it to ONNX");
    return NULL;
}

fd_error *fd_onnx_scan(const uint8_t *bytes, size_t n)
{
    fd_error *err = look(bytes, n);
    scan s = {.bytes = bytes, .depth = 1};
    s.stack[0] = (frame){&onnx__model_proto__descriptor, n};
    while (!err && s.depth > 0)
        if (s.at == s.stack[s.depth - 1].end)
            s.depth--;
        else
            err = field(&s);
    return err;
}
