package io.github.pgwatchrpc.rpc.netrpc;

import io.github.pgwatchrpc.rpc.MemoryAccount;
import io.github.pgwatchrpc.rpc.RpcPeer;
import io.github.pgwatchrpc.rpc.gob.GobException;
import io.github.pgwatchrpc.rpc.gob.GobLimits;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * Reads what a client has sent, from a file instead of a socket: the recorded bytes of one connection, with or without the
 * HTTP preamble. For tools that look into recordings; it understands just what the server understands, since it is the
 * server's own session.
 */
public final class CallRecording {

    private static final int CHUNK = 64 << 10;

    private CallRecording() {}

    /**
     * Is handed the calls of a recording.
     *
     * @param <A> the argument
     */
    public interface Visitor<A> {

        /**
         * A call.
         *
         * @param seq its number
         * @param method its name
         * @param argument what the decoder made
         * @param bytes size of all its messages, type definitions and lengths included
         */
        void call(long seq, String method, A argument, long bytes);

        /**
         * A call whose argument could not be decoded.
         *
         * @param seq its number
         * @param method its name
         * @param reason what the server would answer
         */
        void refused(long seq, String method, String reason);

        /**
         * A header that was not followed by its argument.
         *
         * @param method the method that it named
         */
        void headerWithoutBody(String method);

        /**
         * A type definition that could not be used.
         *
         * @param reason what is wrong with it
         */
        void badTypeDefinition(String reason);
    }

    /**
     * Reads a recording to its end.
     *
     * @param in the recorded bytes
     * @param limits what to refuse
     * @param decoder decodes the arguments of all methods
     * @param visitor is handed the calls
     * @param <A> what the decoder makes
     * @throws EOFException if the recording ends in the middle of a call
     * @throws IOException if it cannot be read, or breaks the stream as it would break a connection
     */
    public static <A> void read(InputStream in, GobLimits limits, ArgumentDecoder<A> decoder, Visitor<A> visitor)
            throws IOException {
        PushbackInputStream bytes = new PushbackInputStream(in, 8);
        skipPreamble(bytes);
        Replay<A> replay = new Replay<>(limits, decoder, visitor);
        MessageFraming framing = new MessageFraming(limits.messageBytes(), MemoryAccount.unlimited(), replay);
        byte[] chunk = new byte[CHUNK];
        for (int count = bytes.read(chunk); count >= 0; count = bytes.read(chunk)) {
            framing.feed(chunk, 0, count);
        }
        if (framing.isInMessage() || replay.session.isInCall()) {
            throw new EOFException("the recording ends in the middle of a call");
        }
    }

    private static void skipPreamble(PushbackInputStream bytes) throws IOException {
        byte[] first = bytes.readNBytes(8);
        bytes.unread(first);
        if (!new String(first, StandardCharsets.US_ASCII).equals("CONNECT ")) {
            return;
        }
        boolean lineIsEmpty = false;
        for (int each = bytes.read(); each >= 0; each = bytes.read()) {
            if (each == '\n') {
                if (lineIsEmpty) {
                    return;
                }
                lineIsEmpty = true;
            } else if (each != '\r') {
                lineIsEmpty = false;
            }
        }
        throw new EOFException("the recording ends in the preamble");
    }

    /** Counts the bytes of messages on their way to a session in which every method exists. */
    private static final class Replay<A> implements MessageFraming.Listener, ServerSession.Calls {
        private static final SocketAddress NOBODY = new SocketAddress() {
            private static final long serialVersionUID = 1;
        };

        private final Visitor<A> visitor;
        private final ServerSession session;
        private long bytes;
        private long lastMessage;

        Replay(GobLimits limits, ArgumentDecoder<A> decoder, Visitor<A> visitor) {
            this.visitor = visitor;
            Map<String, MethodTable.Entry<A, String>> methods = new HashMap<>();
            this.session = new ServerSession(
                    name -> methods.computeIfAbsent(
                            name,
                            key -> new MethodTable.Entry<>(
                                    key, memory -> decoder, (argument, peer) -> CompletableFuture.completedFuture(""))),
                    NetRpcLimits.DEFAULT.toBuilder().gob(limits).build(),
                    MemoryAccount.unlimited(),
                    ArgumentGate.open(() -> NOBODY),
                    this);
        }

        @Override
        public boolean isReady() {
            return true;
        }

        @Override
        public void message(byte[] array, int offset, int length) throws GobException {
            lastMessage = (long) ResponseEncoder.uintSize(length) + length;
            bytes += lastMessage;
            session.message(array, offset, length);
        }

        @Override
        public void skipped(boolean typeDefinition, String reason) throws GobException {
            session.skipped(typeDefinition, reason);
        }

        @Override
        public void admitted() {
            // whoever is recorded was
        }

        @Override
        @SuppressWarnings("unchecked") // there is one decoder only
        public <B, R> void call(
                MethodTable.Entry<B, R> method, long seq, B argument, RpcPeer peer, int size, long held) {
            visitor.call(seq, method.name, (A) argument, bytes);
            bytes = 0;
        }

        @Override
        public void refuse(byte[] method, long seq, ServerSession.Refused why) {
            visitor.refused(seq, new String(method, StandardCharsets.UTF_8), why.reason());
            bytes = 0;
        }

        @Override
        public String fault(String method, Throwable fault) {
            return String.valueOf(fault);
        }

        @Override
        public void headerWithoutBody(String method) {
            // the message at hand is the header of the next call
            bytes = lastMessage;
            visitor.headerWithoutBody(method);
        }

        @Override
        public void badTypeDefinition(String reason) {
            visitor.badTypeDefinition(reason);
        }
    }
}
