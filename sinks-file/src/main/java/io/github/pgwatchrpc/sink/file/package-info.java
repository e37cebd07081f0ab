/**
 * The sink {@code jsonfile}: measurements as JSON lines in a file, as pgwatch's own sink of that name writes them. It
 * needs nothing beside it, so it is the default, and it is an example of a sink that keeps what it promises when a
 * process is killed or a disk is full.
 *
 * <p>The rooms: {@link io.github.pgwatchrpc.sink.file.FileSinkProvider} reads the configuration; {@code FileSink} decides
 * when to rotate; {@code LineFile} is the file being written, {@code Archive} what became of earlier ones; {@code Disk} is
 * where the file system is asked for more than Java's defaults. Only the provider is public, and it is found by the
 * service loader: nobody calls into this package by name.
 */
@NullMarked
package io.github.pgwatchrpc.sink.file;

import org.jspecify.annotations.NullMarked;
