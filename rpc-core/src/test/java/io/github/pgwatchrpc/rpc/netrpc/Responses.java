package io.github.pgwatchrpc.rpc.netrpc;

/** Writes a server's half of a connection byte by byte, so that it can also be wrong. */
final class Responses {

    /** Far from the numbers of other types. */
    static final int TYPE = 7000;

    private Responses() {}

    /** The definition of the headers' type. */
    static byte[] definition() {
        return Requests.message(Streams.join(
                Requests.integer(-TYPE),
                Requests.bytes(3, 1, 1),
                Requests.string("Response"),
                Requests.bytes(1),
                Requests.integer(TYPE),
                Requests.bytes(0, 1, 3, 1),
                Requests.string("ServiceMethod"),
                Requests.bytes(1, 6 << 1, 0, 1),
                Requests.string("Seq"),
                Requests.bytes(1, 3 << 1, 0, 1),
                Requests.string("Error"),
                Requests.bytes(1, 6 << 1, 0, 0, 0)));
    }

    static byte[] header(long seq, String error) {
        byte[] number = seq == 0 ? Requests.bytes() : Streams.join(Requests.bytes(1), Streams.uint(seq));
        // a field's number is told by the step from the last one that is not zero
        byte[] text = error.isEmpty()
                ? Requests.bytes()
                : Streams.join(Requests.bytes(seq == 0 ? 2 : 1), Requests.string(error));
        return Requests.message(Streams.join(
                Requests.integer(TYPE),
                Requests.bytes(1),
                Requests.string("Any.Method"),
                number,
                text,
                Requests.bytes(0)));
    }

    /** An answer whose reply is a text. */
    static byte[] text(long seq, String reply) {
        return Streams.join(header(seq, ""), Requests.text(reply));
    }

    /** An answer that is an error; Go sends an empty struct behind it, we a text. */
    static byte[] error(long seq, String error) {
        return Streams.join(header(seq, error), Requests.text(""));
    }

    /** An answer with any message as its reply. */
    static byte[] reply(long seq, byte[]... content) {
        return Streams.join(header(seq, ""), Requests.message(Streams.join(content)));
    }
}
