package io.github.pgwatchrpc.interop;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * Many connections that all send the same bytes and are kept open, driven by one thread. They cost little here, so that the
 * receiver is what is tried. What comes back is thrown away, or not even read.
 */
final class Crowd implements AutoCloseable {

    /** So many connections are being opened at a time: less than the receiver's backlog. */
    private static final int OPENING = 500;

    private final InetSocketAddress target;
    private final int size;
    private final ByteBuffer bytes;
    private List<String> sources = List.of("127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5");
    private boolean renews;
    private boolean resets;
    private boolean reads = true;

    private final Set<SocketChannel> open = new HashSet<>();
    private final ByteBuffer sink = ByteBuffer.allocateDirect(64 << 10);
    private long opened;
    private long sent;
    private long ended;
    private int opening;
    private int unsent;

    /**
     * A crowd that has not come yet.
     *
     * @param size how many connections; fewer, where this process may not have as many files open
     * @param bytes what each of them sends
     */
    Crowd(InetSocketAddress target, int size, byte[] bytes) {
        this.target = target;
        this.size = Math.min(size, Machine.connections());
        this.bytes = ByteBuffer.wrap(bytes).asReadOnlyBuffer();
    }

    /** From these addresses in turn, instead of four that no valid client has. */
    Crowd from(String... addresses) {
        sources = List.of(addresses);
        return this;
    }

    /** For each connection that the receiver closes another one is opened. */
    Crowd renewed() {
        renews = true;
        return this;
    }

    /** Each connection is broken off when it has sent everything, and another one is opened. */
    Crowd thatBreaksOff() {
        renews = true;
        resets = true;
        return this;
    }

    /** They never read, and have little room for what they do not read. */
    Crowd thatDoesNotRead() {
        reads = false;
        return this;
    }

    /** One connection's state. */
    private final class Member {
        private final ByteBuffer rest = bytes.duplicate();
        private boolean connected;
    }

    /**
     * Comes, and stays for so long, or until everything has been sent where that is longer and takes no longer than twice
     * as long.
     */
    Crowd stay(double seconds) throws IOException {
        long begin = System.nanoTime();
        long stay = (long) (seconds * TimeUnit.SECONDS.toNanos(1));
        try (Selector selector = Selector.open()) {
            while (true) {
                long passed = System.nanoTime() - begin;
                boolean sending = !renews && (opened < size || unsent > 0);
                if (passed > 2 * stay || (passed > stay && !sending)) {
                    return this;
                }
                while (opening < OPENING && (renews ? open.size() < size : opened < size)) {
                    open(selector);
                }
                selector.select(20);
                for (SelectionKey key : selector.selectedKeys()) {
                    serve(key);
                }
                selector.selectedKeys().clear();
            }
        }
    }

    private void open(Selector selector) throws IOException {
        SocketChannel channel = SocketChannel.open();
        channel.configureBlocking(false);
        if (resets) {
            channel.setOption(StandardSocketOptions.SO_LINGER, 0);
        }
        if (!reads) {
            channel.setOption(StandardSocketOptions.SO_RCVBUF, 2 << 10);
        }
        channel.bind(new InetSocketAddress(sources.get((int) (opened % sources.size())), 0));
        opened++;
        opening++;
        unsent++;
        open.add(channel);
        channel.register(selector, SelectionKey.OP_CONNECT, new Member());
        channel.connect(target);
    }

    private void serve(SelectionKey key) {
        SocketChannel channel = (SocketChannel) key.channel();
        Member member = (Member) key.attachment();
        try {
            if (!member.connected) {
                channel.finishConnect();
                member.connected = true;
                opening--;
                key.interestOps(SelectionKey.OP_WRITE | (reads ? SelectionKey.OP_READ : 0));
            }
            if (key.isWritable() && member.rest.hasRemaining()) {
                sent += channel.write(member.rest);
                if (!member.rest.hasRemaining()) {
                    unsent--;
                    if (resets) {
                        end(key, channel, member);
                        return;
                    }
                    key.interestOps(reads ? SelectionKey.OP_READ : 0);
                }
            }
            if (key.isReadable()) {
                sink.clear();
                if (channel.read(sink) < 0) {
                    throw new IOException("closed");
                }
            }
        } catch (IOException e) {
            ended++;
            if (member.rest.hasRemaining()) {
                unsent--;
            }
            end(key, channel, member);
        }
    }

    private void end(SelectionKey key, SocketChannel channel, Member member) {
        if (!member.connected) {
            opening--;
        }
        key.cancel();
        close(channel);
        open.remove(channel);
    }

    private static void close(SocketChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            throw new AssertionError("a socket that cannot be closed", e);
        }
    }

    /** How many connections are open. */
    int open() {
        return open.size();
    }

    /** How many connections the receiver has ended, or has not even taken. */
    long ended() {
        return ended;
    }

    @Override
    public String toString() {
        return "%,d connections opened, %,d ended by the receiver, %,d bytes".formatted(opened, ended, sent);
    }

    @Override
    public void close() {
        open.forEach(Crowd::close);
        open.clear();
    }
}
