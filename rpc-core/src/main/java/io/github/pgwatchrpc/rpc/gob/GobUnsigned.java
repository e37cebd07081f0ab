package io.github.pgwatchrpc.rpc.gob;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * The integers of this field are unsigned, as Go's {@code uint}: sent as such, and read with all their bits, so that the
 * upper half of their range is negative in Java ({@link Long#toUnsignedString(long)} and its sisters know how to handle
 * them). It says so for the elements too, where the field is a list, an array or a map.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.FIELD, ElementType.RECORD_COMPONENT})
public @interface GobUnsigned {}
