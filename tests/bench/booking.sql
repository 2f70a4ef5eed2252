-- The floor of one booking: the same rows as the service writes, sent by pgbench with no service in between.
\set slot random(:low, :high)
\set a random(1, 9223372036854775807)
\set b random(1, 9223372036854775807)
BEGIN;
UPDATE slot SET seats_taken = seats_taken + 1
WHERE id = lpad(to_hex(:slot::bigint), 32, '0')::uuid AND seats_taken + 1 <= capacity RETURNING seats_taken;
INSERT INTO dossier (id, token_hash, generation, code, first_name, last_name, email, email_key, school, class_label, level, language, created_at)
VALUES ((lpad(to_hex(:a::bigint), 16, '0') || lpad(to_hex(:b::bigint), 16, '0'))::uuid,
        lpad(to_hex(:a::bigint), 32, '0') || lpad(to_hex(:b::bigint), 32, '0'), 0,
        left(encode(decode(md5(:a::text), 'hex'), 'base64'), 7), 'Élève', 'Delattre', 'pgbench.' || :a::text || '@exemple.test',
        'pgbench.' || :a::text || '@exemple.test', 'LYPSO', '', '2de', 'fr', now());
INSERT INTO booking (id, dossier, slot, seats, state, email_key, name_key, age_band, revision, created_at, ended_by)
VALUES ((lpad(to_hex(:b::bigint), 16, '0') || lpad(to_hex(:a::bigint), 16, '0'))::uuid,
        (lpad(to_hex(:a::bigint), 16, '0') || lpad(to_hex(:b::bigint), 16, '0'))::uuid,
        lpad(to_hex(:slot::bigint), 32, '0')::uuid, 1, 'confirmed', 'pgbench.' || :a::text || '@exemple.test',
        'eleve delattre', '', 0, now(), '');
INSERT INTO journal (at, actor, verb, subject_kind, subject_id, facts)
VALUES (now(), 'booker', 'book', 'booking', (lpad(to_hex(:b::bigint), 16, '0') || lpad(to_hex(:a::bigint), 16, '0'))::uuid, '{}');
INSERT INTO invitation (id, uid, subject_kind, subject_id, attendee, sequence, stamp, partstat)
VALUES ((lpad(to_hex(:b::bigint), 16, '0') || lpad(to_hex(:a::bigint), 16, '0'))::uuid,
        to_hex(:a::bigint) || to_hex(:b::bigint) || '@campus.test', 'booking',
        (lpad(to_hex(:b::bigint), 16, '0') || lpad(to_hex(:a::bigint), 16, '0'))::uuid,
        'pgbench.' || :a::text || '@exemple.test', 0, now(), 'ACCEPTED');
INSERT INTO email (letter, recipient, language, facts, subject_kind, subject_id, revision, invitation_uid, method, message_id,
                   posted_at, priority, state, next_try_at, give_up_at, attempts, failures, may_have_arrived, detail)
VALUES ('confirmation', 'pgbench.' || :a::text || '@exemple.test', 'fr',
        '{"title": "Visite d’atelier 41", "kind": "visit", "slug": "visite-41", "starts_at": "2026-12-01T13:00:00+00:00", "ends_at": "2026-12-01T15:00:00+00:00", "place": "Atelier, 62510 Arques", "host_name": "Verrerie 42", "requirements": ["Chaussures fermées"], "contact_email": "", "dossier": "6f3c1d5e-30a4-4d0e-9e0a-0c6b4b1f2a77", "generation": 0, "code": "K7M-4TQ", "first_name": "Élève", "last_name": "Delattre", "sequence": 0, "stamp": "2026-11-24T09:00:00+00:00", "partstat": "ACCEPTED"}',
        'booking', (lpad(to_hex(:b::bigint), 16, '0') || lpad(to_hex(:a::bigint), 16, '0'))::uuid, 0,
        to_hex(:a::bigint) || to_hex(:b::bigint) || '@campus.test', 'REQUEST',
        '<confirmation.0.' || to_hex(:b::bigint) || to_hex(:a::bigint) || '@campus.test>', now(), 5, 'due', now(),
        now() + interval '72 hours', 0, 0, false, '');
COMMIT;
