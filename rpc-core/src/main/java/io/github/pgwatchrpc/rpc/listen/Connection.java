package io.github.pgwatchrpc.rpc.listen;

import io.github.pgwatchrpc.log.PeerText;
import io.github.pgwatchrpc.log.Repeated;
import io.github.pgwatchrpc.rpc.Faults;
import io.github.pgwatchrpc.rpc.MemoryAccount;
import io.github.pgwatchrpc.rpc.MemoryBudgets;
import io.github.pgwatchrpc.rpc.RpcObserver.End;
import io.github.pgwatchrpc.rpc.RpcPeer;
import io.github.pgwatchrpc.rpc.detect.Protocol;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.ssl.SslHandler;
import java.io.IOException;
import java.net.SocketAddress;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One accepted connection: who is at its other end, how much it has done, and why it ended. It is written on its event
 * loop and may be read by any thread.
 */
public final class Connection implements RpcPeer {

    private static final Logger LOG = LoggerFactory.getLogger(Connection.class);

    /** How long a peer may take to read the last answers of a connection that is being closed. */
    private static final int LINGER_SECONDS = 5;

    /** Whoever keeps all connections of a port. */
    interface Owner {

        /** Room for a stranger's bytes is wanted; true if they are about to be given back by others. */
        boolean makeRoom(Connection connection, long bytes);

        /** One of a stranger's calls could be understood. */
        void understood(Connection connection);

        /** It is no stranger any more. */
        void admitted(Connection connection);
    }

    private static final Owner NOBODY = new Owner() {
        @Override
        public boolean makeRoom(Connection connection, long bytes) {
            return false;
        }

        @Override
        public void understood(Connection connection) {}

        @Override
        public void admitted(Connection connection) {}
    };

    private final Channel channel;
    private final Repeated repeated;
    private final Owner owner;
    private final SocketAddress address;
    private final MemoryAccount memory;
    private final Duration patience;
    private final long opened = System.nanoTime();
    private volatile long calls;
    private volatile @Nullable List<X509Certificate> certificates;
    private @Nullable Protocol protocol;
    private @Nullable End end;
    private String endReason = "";
    private volatile @Nullable Runnable drain;
    private volatile boolean admitted;
    private @Nullable ScheduledFuture<?> deadline;
    private String begun = "";
    private boolean understood;

    /** What {@link #atEnd} was told of; strangers cost no set. */
    private Set<Object> ending = Set.of();

    Connection(Channel channel, Owner owner, MemoryBudgets memory, Duration patience, Repeated repeated) {
        this.channel = channel;
        this.owner = owner;
        this.address = channel.remoteAddress();
        this.memory = memory.open(bytes -> owner.makeRoom(this, bytes));
        this.patience = patience;
        this.repeated = repeated;
    }

    /** A connection that nobody keeps. */
    Connection(Channel channel, MemoryAccount memory, Duration patience, Repeated repeated) {
        this.channel = channel;
        this.owner = NOBODY;
        this.repeated = repeated;
        this.address = channel.remoteAddress();
        this.memory = memory;
        this.patience = patience;
    }

    /**
     * What this connection makes the process hold. To be used on the event loop.
     *
     * @return its account, which ends with the connection
     */
    public MemoryAccount memory() {
        return memory;
    }

    /**
     * A call has been let in: the peer is no stranger any more. Its deadline ends, its memory is charged to the callers'
     * budget, and it is never closed to make room. To be called on the event loop; again does nothing.
     */
    public void admitted() {
        if (!admitted) {
            admitted = true;
            memory.admit();
            settled();
            owner.admitted(this);
        }
    }

    /**
     * A call could be understood, though it was refused: the peer speaks the protocol. When there are too many strangers, those
     * of its address that have shown less go before it. To be called on the event loop.
     */
    public void understood() {
        if (!admitted && !understood) {
            understood = true;
            owner.understood(this);
        }
    }

    /**
     * Whether a call has been let in.
     *
     * @return false as long as the peer is a stranger
     */
    public boolean isAdmitted() {
        return admitted;
    }

    /**
     * The peer has begun something that it has to end: a preamble, a handshake, a request. Unless it is {@link #settled} or
     * {@link #admitted} in time, the connection is closed. Again, time does not begin anew, only the name changes. To be
     * called on the event loop.
     *
     * @param what for the log, such as {@code the preamble}
     */
    public void begun(String what) {
        if (admitted || isEnding()) {
            return;
        }
        begun = what;
        if (deadline == null) {
            deadline = channel.eventLoop()
                    .schedule(
                            () -> close(End.TIMEOUT, begun + " did not end within " + patience),
                            patience.toMillis(),
                            TimeUnit.MILLISECONDS);
        }
    }

    /** The peer has ended what it had begun, and may be silent. To be called on the event loop. */
    public void settled() {
        if (deadline != null) {
            deadline.cancel(false);
            deadline = null;
        }
    }

    /** As {@link #begun}, by who only sees the outside of what the peer sends; what is under way inside says more. */
    void begunOutside(String what) {
        if (deadline == null) {
            begun(what);
        }
    }

    /** The other end of {@link #begunOutside}. */
    void settledOutside(String what) {
        if (begun.equals(what)) {
            settled();
        }
    }

    /** The channel is closed. */
    void ended() {
        settled();
        memory.close();
    }

    @Override
    public SocketAddress address() {
        return address;
    }

    @Override
    public @Nullable X509Certificate certificate() {
        List<X509Certificate> all = certificates();
        return all.isEmpty() ? null : all.get(0);
    }

    @Override
    public List<X509Certificate> certificates() {
        List<X509Certificate> known = certificates;
        if (known == null) {
            known = shown();
            // they come with the handshake, before any call, and there is no second one
            certificates = known;
        }
        return known;
    }

    private List<X509Certificate> shown() {
        SslHandler tls = channel.pipeline().get(SslHandler.class);
        if (tls == null) {
            return List.of();
        }
        List<X509Certificate> all = new ArrayList<>();
        try {
            for (Certificate each : tls.engine().getSession().getPeerCertificates()) {
                if (each instanceof X509Certificate certificate) {
                    all.add(certificate);
                }
            }
        } catch (SSLPeerUnverifiedException e) {
            return List.of(); // it has shown none
        }
        return List.copyOf(all);
    }

    @Override
    public boolean atEnd(Object about, Runnable action) {
        if (ending.contains(about)) {
            return false;
        }
        if (ending.isEmpty()) {
            ending = new HashSet<>(2);
        }
        ending.add(about);
        channel.closeFuture().addListener(closed -> action.run());
        return true;
    }

    /**
     * Counts a call, be it one that is refused or whose argument never came. To be called on the event loop.
     */
    @SuppressWarnings("NonAtomicVolatileUpdate") // one writer
    public void called() {
        calls++;
    }

    /**
     * How many calls it has made.
     *
     * @return number of calls
     */
    public long calls() {
        return calls;
    }

    /**
     * Closes the connection behind what has been written, for which the peer has {@value #LINGER_SECONDS} seconds. Only
     * the first reason counts. To be called on the event loop.
     *
     * @param why for metrics
     * @param reason for the log
     */
    public void close(End why, String reason) {
        if (!noteEnd(why, reason)) {
            return;
        }
        channel.flush();
        ChannelHandlerContext nearest = channel.pipeline().firstContext();
        if (nearest == null || !channel.isActive()) {
            channel.close();
            return;
        }
        // nothing of what still comes is wanted, but the peer's end is noticed only by reading
        channel.config().setAutoRead(true);
        // at the socket's end of the pipeline, since the handlers at the other end take only what they know
        nearest.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(written -> channel.close());
        if (channel.isOpen()) {
            var forced = channel.eventLoop().schedule(() -> channel.close(), LINGER_SECONDS, TimeUnit.SECONDS);
            channel.closeFuture().addListener(closed -> forced.cancel(false));
        }
    }

    /**
     * Closes the connection after what its pipeline has thrown. What the network does is one of its ends; anything else is
     * logged as a fault of this program, of which those that nobody can answer for are told first ({@link Faults}). To be
     * called on the event loop.
     *
     * @param cause what was thrown
     */
    public void failed(Throwable cause) {
        Faults.reportIfFatal(cause);
        close(End.CUT, String.valueOf(cause.getMessage()));
        if (!(cause instanceof IOException)) {
            fault("connection", cause);
        }
    }

    /**
     * Logs a fault of this program, and sums up what repeats.
     *
     * @param what has failed, such as a call
     * @param cause what was thrown
     */
    public void fault(String what, Throwable cause) {
        String failed = PeerText.printable(what);
        repeated.tell(
                "fault " + cause.getClass().getName(),
                "",
                more -> LOG.error("{} of {} failed by a fault of this program{}", failed, address, more, cause));
    }

    /** Closes at once, whatever has not been written; nothing if it is closed, by whomever and for whatever reason. */
    void abort(End why, String reason) {
        if (!channel.isOpen()) {
            return;
        }
        noteEnd(why, reason);
        // at the socket's end of the pipeline: what speaks HTTP/2 would wait there for its calls first
        ChannelHandlerContext nearest = channel.pipeline().firstContext();
        if (nearest == null) {
            channel.close();
        } else {
            nearest.close();
        }
    }

    /**
     * Says why the connection is ending, when it is ending by itself. Only the first reason counts. To be called on the
     * event loop.
     *
     * @param why for metrics
     * @param reason for the log, which gets what is printable of it
     * @return whether it was the first
     */
    public boolean noteEnd(End why, String reason) {
        if (end != null) {
            return false;
        }
        end = why;
        endReason = PeerText.printable(reason);
        return true;
    }

    /**
     * Whether an end has been noted.
     *
     * @return true if no more bytes need to be looked at
     */
    public boolean isEnding() {
        return end != null;
    }

    /**
     * Says how to stop without losing a call in flight. It is run on the event loop when the listener stops, and calls
     * {@link #close} once everything is answered. Without it the connection is closed at once.
     *
     * @param action what to run
     */
    public void onDrain(Runnable action) {
        drain = action;
    }

    void drain() {
        Runnable action = drain;
        if (action != null) {
            action.run();
        } else {
            close(End.SHUTDOWN, "the server is stopping");
        }
    }

    Channel channel() {
        return channel;
    }

    void speaks(Protocol known) {
        protocol = known;
    }

    @Nullable
    Protocol protocol() {
        return protocol;
    }

    End end() {
        return end == null ? End.PEER : end;
    }

    String endReason() {
        return end == null ? "closed by the peer" : endReason;
    }

    long ageNanos() {
        return System.nanoTime() - opened;
    }

    @Override
    public String toString() {
        return address + " (" + calls + " calls in " + TimeUnit.NANOSECONDS.toSeconds(ageNanos()) + " s)";
    }
}
