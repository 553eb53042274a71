SET statement_timeout = 0;
--
-- TOC entry 215 (class 1259 OID 16388)
-- Name: customers; Type: TABLE; Schema: public; Owner: app
--

CREATE TABLE public.customers (
    id integer NOT NULL,
    note text DEFAULT 'it''s; here'::text
);

ALTER TABLE public.customers OWNER TO app;
GRANT SELECT ON TABLE public.customers TO reader;

CREATE FUNCTION public.f() RETURNS integer
    LANGUAGE sql
    AS $_$ select 1; $_$;
