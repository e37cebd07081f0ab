package io.github.pgwatchrpc.rpc.gob;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * What a field or a struct is called on the wire, where that is not its name in Java. Go sends only fields whose names
 * begin with a capital letter, and matches them letter by letter.
 *
 * <pre>{@code
 * record Request(@GobName("ServiceMethod") String serviceMethod, @GobName("Seq") @GobUnsigned long seq) {}
 * }</pre>
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.TYPE, ElementType.FIELD, ElementType.RECORD_COMPONENT})
public @interface GobName {
    /**
     * The name on the wire.
     *
     * @return the name
     */
    String value();
}
