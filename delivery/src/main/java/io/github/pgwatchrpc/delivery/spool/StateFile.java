package io.github.pgwatchrpc.delivery.spool;

import io.github.pgwatchrpc.delivery.disk.Disk;
import io.github.pgwatchrpc.delivery.disk.DiskFile;
import io.github.pgwatchrpc.measurement.BinaryReader;
import io.github.pgwatchrpc.measurement.BinaryWriter;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the {@link State} in a file of two slots of {@value #SLOT} bytes. The slot that was synced last is never written
 * to: a state goes into the other one, again and again, until that has been synced too and they change places. So there is
 * always one that is whole, however a crash tears the other.
 *
 * <p>A slot: 8 bytes generation, 4 bytes length, 4 bytes CRC-32C of generation, length and content, then the content. The
 * higher generation wins. Thread-safe.
 */
final class StateFile implements Closeable {

    static final int SLOT = 256 << 10;

    private static final int HEADER = 16;

    private record Slot(int index, long generation, State state) {}

    private final Disk disk;
    private final Path path;
    private final BinaryWriter writer = new BinaryWriter();
    private @Nullable DiskFile file;

    /** The slot that may be written to. */
    private int open;

    private long generation;
    private boolean closed;

    StateFile(Disk disk, Path path) {
        this.disk = disk;
        this.path = path;
    }

    /** The newest state that is whole; null if there is none. */
    synchronized @Nullable State read() throws IOException {
        if (!Files.exists(path)) {
            return null;
        }
        DiskFile opened = file();
        Slot a = slot(opened, 0);
        Slot b = slot(opened, 1);
        Slot newest = a == null || (b != null && b.generation > a.generation) ? b : a;
        if (newest == null) {
            return null;
        }
        generation = newest.generation;
        // it may not have been synced: so it is to be, before the other one is written to
        open = newest.index;
        opened.sync();
        open = 1 - newest.index;
        return newest.state;
    }

    private static @Nullable Slot slot(DiskFile file, int index) throws IOException {
        byte[] bytes = new byte[(int) Math.max(0, Math.min(SLOT, file.size() - (long) index * SLOT))];
        if (bytes.length < HEADER) {
            return null;
        }
        file.readFully(ByteBuffer.wrap(bytes), (long) index * SLOT);
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int length = buffer.getInt(8);
        if (length < 0 || length > bytes.length - HEADER || buffer.getInt(12) != checksum(bytes, length)) {
            return null;
        }
        BinaryReader reader = new BinaryReader().read(bytes, HEADER, HEADER + length);
        try {
            return new Slot(index, buffer.getLong(0), State.read(reader));
        } catch (IOException e) {
            return null;
        }
    }

    private static int checksum(byte[] slot, int length) {
        CRC32C crc = new CRC32C();
        crc.update(slot, 0, 12);
        crc.update(slot, HEADER, length);
        return (int) crc.getValue();
    }

    /**
     * Writes the state.
     *
     * @param current tells it; asked when nobody else can write any more, lest an older one be written over a newer one
     * @param sync whether it must survive a power cut
     * @return what was written
     */
    synchronized State write(Supplier<State> current, boolean sync) throws IOException {
        if (closed) {
            throw new IOException("state: closed");
        }
        State state = current.get();
        generation++;
        writer.clear().skip(HEADER);
        state.write(writer);
        int length = writer.length() - HEADER;
        if (length > SLOT - HEADER) {
            throw new IOException("bytes of the cursors of " + state.cursors().size() + " sinks: " + length
                    + " (expected: <= " + (SLOT - HEADER) + ")");
        }
        writer.setInt64(0, generation);
        writer.setInt32(8, length);
        writer.setInt32(12, checksum(writer.buffer(), length));
        try {
            DiskFile opened = file();
            opened.writeFully(ByteBuffer.wrap(writer.buffer(), 0, writer.length()), (long) open * SLOT);
            if (sync) {
                opened.sync();
                open = 1 - open;
            }
        } catch (IOException e) {
            // never trust a file again that could not be synced; what is in it stays readable
            letGo();
            throw e;
        }
        return state;
    }

    private DiskFile file() throws IOException {
        DiskFile opened = file;
        if (opened == null) {
            boolean there = Files.exists(path);
            opened = there ? disk.open(path) : disk.create(path);
            file = opened;
            if (!there) {
                // its room is taken once, so that cursors can move, and space be given back, on a full disk too
                opened.writeFully(ByteBuffer.allocate(2 * SLOT), 0);
                disk.syncDirectory(Objects.requireNonNull(path.getParent()));
            }
        }
        return opened;
    }

    @Override
    public synchronized void close() throws IOException {
        closed = true;
        letGo();
    }

    /** Closes the file; it is opened again when it is needed. */
    synchronized void letGo() throws IOException {
        DiskFile opened = file;
        file = null;
        if (opened != null) {
            opened.close();
        }
    }
}
