package io.github.pgwatchrpc.delivery.spool;

import io.github.pgwatchrpc.delivery.record.FileHeader;
import java.nio.file.Path;

/** A file of the log. */
final class Segment {

    final long index;
    final Path path;
    final FileHeader header;

    /** Where what may be read ends. Only the appending thread moves it, when a turn is as safe as was promised. */
    private volatile long end;

    Segment(long index, Path path, FileHeader header, long end) {
        this.index = index;
        this.path = path;
        this.header = header;
        this.end = end;
    }

    static String name(long index) {
        return String.format("segment-%010d.log", index);
    }

    /** The index in a file's name; -1 if it is not a segment's. */
    static long index(Path path) {
        String name = String.valueOf(path.getFileName());
        return name.matches("segment-[0-9]{10,18}\\.log") ? Long.parseLong(name, 8, name.length() - 4, 10) : -1;
    }

    long end() {
        return end;
    }

    void end(long newEnd) {
        end = newEnd;
    }
}
