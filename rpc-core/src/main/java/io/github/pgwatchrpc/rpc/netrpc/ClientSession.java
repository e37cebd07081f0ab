package io.github.pgwatchrpc.rpc.netrpc;

import io.github.pgwatchrpc.rpc.Faults;
import io.github.pgwatchrpc.rpc.MemoryAccount;
import io.github.pgwatchrpc.rpc.RpcException;
import io.github.pgwatchrpc.rpc.gob.GobConfig;
import io.github.pgwatchrpc.rpc.gob.GobException;
import io.github.pgwatchrpc.rpc.gob.GobIncompleteException;
import io.github.pgwatchrpc.rpc.gob.GobLimits;
import io.github.pgwatchrpc.rpc.gob.GobMismatchException;
import io.github.pgwatchrpc.rpc.gob.GobReader;
import io.github.pgwatchrpc.rpc.gob.GobSkipper;
import io.github.pgwatchrpc.rpc.gob.GobTypes;
import io.github.pgwatchrpc.rpc.gob.GobUnsigned;
import io.github.pgwatchrpc.rpc.gob.GobValueReader;
import java.io.IOException;
import java.lang.reflect.Type;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Makes answers of the gob messages of one connection: a header, {@code Response{ServiceMethod string, Seq uint64, Error
 * string}}, then the reply, then the next header. Whatever leaves the borders of the messages intact costs at most the call
 * that it answers; what it throws has broken the stream.
 *
 * <p>A reply that nobody wants, or that cannot become what its caller asked for, is gone past by its types, so that the
 * types which it defines are known to later replies. When that fails too, or the reply was too long to be looked at, nobody
 * knows where it ends; then everything up to the next header, told by its type, belongs to it.
 *
 * <p>Not thread-safe: one event loop.
 */
final class ClientSession implements MessageFraming.Listener {

    /** The header of an answer, as Go's net/rpc/server.go has it. */
    record Response(String ServiceMethod, @GobUnsigned long Seq, String Error) {}

    private enum State {
        /** A header is expected, and nothing else can be survived. */
        HEADER,
        /** The header's reply is expected. */
        REPLY,
        /** A header is expected, behind a reply whose end was not found. */
        AFTER_LOST
    }

    private static final Response NONE = new Response("", 0, "");

    /** By their numbers; who has been answered is taken out. */
    private final Map<Long, PendingCall<?>> pending;

    private final GobTypes types;
    private final GobReader reader;
    private final GobValueReader values;

    private State state = State.HEADER;
    private int headerType = -1;
    private Response header = NONE;

    /** How many types were known before the reply. */
    private int known;

    /** Looks for the end of a reply that goes on in the next message; null when none does. */
    private @Nullable GobSkipper scanner;

    /** The messages so far of that reply, if somebody wants it. */
    private final PartialValue kept;

    private final int messageBytes;

    /** What was wrong with the last type definition that could not be used. */
    private @Nullable String badDefinition;

    ClientSession(GobLimits limits, Map<Long, PendingCall<?>> pending) {
        this.pending = pending;
        this.types = new GobTypes(limits);
        this.reader = new GobReader(limits);
        this.values = new GobValueReader(types, GobConfig.DEFAULT.withLimits(limits));
        // a client has few connections, each bounded by the longest message
        this.messageBytes = limits.messageBytes();
        // a client has few servers, and asked for what they send: the bound on a message is enough
        this.kept = new PartialValue(MemoryAccount.unlimited());
    }

    @Override
    public void message(byte[] bytes, int offset, int count) throws GobException {
        if (count == 0) {
            return;
        }
        long first;
        try {
            reader.reset(bytes, offset, count);
            first = reader.readInt();
        } catch (GobException e) {
            lost(e);
            return;
        }
        reader.reset(bytes, offset, count);
        GobSkipper unended = scanner;
        if (unended != null && first != headerType) {
            keep(bytes, offset, count);
            lookForEnd(unended);
        } else if (first < 0) {
            typeDefinition();
        } else {
            value(bytes, offset, count);
        }
    }

    private void typeDefinition() {
        try {
            types.readTypeSequence(reader, false);
        } catch (GobIncompleteException done) {
            // as it should be: the message held a definition and nothing else
        } catch (GobException e) {
            // a reply that needs the type will fail; what does not goes on
            badDefinition = e.getMessage();
        }
    }

    /** Reads the value that begins with the reader's message. */
    private void value(byte[] bytes, int offset, int count) throws GobException {
        int type;
        try {
            type = types.readTypeSequence(reader, false);
        } catch (GobException e) {
            lost(e);
            return;
        }
        if (type == headerType || headerType < 0) {
            if (state == State.REPLY) {
                fail(new GobException("gob: reply of " + header.ServiceMethod() + ": missing or not ended"));
                endReply();
            }
            header(type);
        } else if (state == State.HEADER) {
            throw broken("type of a header: " + type + " (expected: " + headerType + ")");
        } else if (state == State.REPLY) {
            known = types.size();
            reply(type, bytes, offset, count);
        }
    }

    private void header(int type) throws GobException {
        try {
            header = values.read(reader, type, Response.class);
        } catch (GobException e) {
            throw broken(String.valueOf(badDefinition != null && headerType < 0 ? badDefinition : e.getMessage()));
        }
        headerType = type;
        state = State.REPLY;
    }

    // ---- replies ----

    /** Reads the reply whose only message, or whose first one, is given. */
    private void reply(int type, byte[] bytes, int offset, int count) throws GobException {
        PendingCall<?> call = wanting(type);
        if (call == null || !decode(call, type)) {
            reader.reset(bytes, offset, count);
            if (wanting(type) != null) {
                keep(bytes, offset, count);
            }
            types.truncate(known);
            GobSkipper fresh = new GobSkipper(types);
            scanner = fresh;
            lookForEnd(fresh);
        }
    }

    /** Who waits for the reply. A call whose answer is an error has it from here on, and wants no reply. */
    private @Nullable PendingCall<?> wanting(int type) {
        if (!header.Error().isEmpty()) {
            fail(new RpcException(header.Error()));
        } else if (badDefinition != null && types.find(type) == null) {
            fail(new GobException(badDefinition));
        }
        return pending.get(header.Seq());
    }

    /**
     * Makes the reply, and completes the call with it or with the reason why not.
     *
     * @return whether the reply has been read to its end; if not, and the call still waits, it goes on in another message
     */
    private boolean decode(PendingCall<?> call, int type) throws GobException {
        Type wanted = call.reply();
        Object value;
        try {
            value = wanted == null ? values.read(reader, type) : values.read(reader, type, wanted);
        } catch (GobIncompleteException e) {
            return false;
        } catch (GobMismatchException e) {
            fail(e);
            state = State.HEADER;
            return true;
        } catch (GobException e) {
            fail(e);
            return false;
        } catch (RuntimeException | Error e) {
            Faults.rethrowIfFatal(e);
            GobException unfit = new GobException("gob: reply of " + call.method() + ": " + e);
            unfit.initCause(e);
            fail(unfit);
            return false;
        }
        state = State.HEADER;
        if (value == null && wanted != null) {
            fail(new GobMismatchException("gob: nil interface value (expected: " + wanted.getTypeName() + ")"));
        } else {
            pending.remove(header.Seq());
            call.complete(value);
        }
        return true;
    }

    private void keep(byte[] bytes, int offset, int count) {
        if (pending.containsKey(header.Seq())) {
            String noRoom = kept.add(bytes, offset, count, messageBytes);
            if (noRoom != null) {
                fail(new GobException(noRoom));
                kept.clear();
            }
        }
    }

    /** Goes on to the end of the reply, and makes it if somebody wants it. */
    private void lookForEnd(GobSkipper unended) throws GobException {
        try {
            if (!unended.skip(reader)) {
                return;
            }
        } catch (GobException e) {
            lost(e);
            return;
        }
        PendingCall<?> call = pending.get(header.Seq());
        if (call != null && !kept.isEmpty()) {
            types.truncate(known);
            kept.reset(reader);
            if (!decode(call, types.readTypeSequence(reader, false))) {
                // its types had an end for it, its decoder has none, or the other way round
                goPastKept();
            }
        }
        endReply();
        state = State.HEADER;
    }

    /** A reply that is there to its end, and could not be made. */
    private void goPastKept() throws GobException {
        fail(new GobException("gob: reply of " + header.ServiceMethod() + ": not ended"));
        types.truncate(known);
        kept.reset(reader);
        new GobSkipper(types).skip(reader);
    }

    private void fail(IOException why) {
        PendingCall<?> call = pending.remove(header.Seq());
        if (call != null) {
            call.fail(why);
        }
    }

    /** Nobody knows where the reply ends. */
    private void lost(GobException cause) throws GobException {
        if (state == State.HEADER) {
            throw broken(String.valueOf(cause.getMessage()));
        } else if (state == State.REPLY) {
            fail(cause);
            endReply();
            state = State.AFTER_LOST;
        }
    }

    private void endReply() {
        scanner = null;
        kept.clear();
    }

    @Override
    public void skipped(boolean typeDefinition, String reason) throws GobException {
        if (typeDefinition && scanner == null) {
            badDefinition = reason;
        } else {
            // had it more messages, they would come before the next header
            lost(new GobException(reason));
        }
    }

    private static GobException broken(String reason) {
        return new GobException("rpc: client cannot decode response: " + reason);
    }
}
