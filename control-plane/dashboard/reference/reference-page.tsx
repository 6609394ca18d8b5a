// The API's reference as a page: every route, what it takes and what it answers, from the same document as the client.

import { type Frame, Page } from "../frame/page.tsx";
import {
  METHODS,
  namedIn,
  type OpenApiDocument,
  type Operation,
  type Schema,
  schemaOf,
  typeOf,
} from "./document.ts";

interface Route {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

export function ReferencePage({
  frame,
  document,
}: {
  readonly frame: Frame;
  readonly document: OpenApiDocument;
}) {
  const routes = routesIn(document);
  const schemas = Object.entries(document.components?.schemas ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return (
    <Page frame={frame} title="API">
      <section class="middle reference" aria-labelledby="reference-title">
        <h1 id="reference-title">{document.info.title}</h1>
        <p class="answer">
          Every call carries <code>Authorization: Bearer …</code>; every error is a problem document (RFC
          9457). The same for programs: <a href="/openapi.json">openapi.json</a>.
        </p>
        <nav aria-label="Routes">
          <ul class="routes">
            {routes.map(({ id, method, path, operation }) => (
              <li>
                <a href={`#${id}`}>
                  <code>
                    {method} {path}
                  </code>
                </a>{" "}
                <span class="muted">
                  <Said text={operation.summary} />
                </span>
              </li>
            ))}
          </ul>
        </nav>
        {routes.map((route) => (
          <RouteSection route={route} />
        ))}
        <h2>Bodies and answers</h2>
        {schemas.map(([name, schema]) => (
          <section id={`schema-${name}`} aria-labelledby={`schema-${name}-title`}>
            <h3 id={`schema-${name}-title`}>{name}</h3>
            <Fields schema={schema} />
          </section>
        ))}
      </section>
    </Page>
  );
}

const routesIn = ({ paths = {} }: OpenApiDocument): Route[] =>
  Object.entries(paths).flatMap(([path, operations]) =>
    METHODS.flatMap((method) => {
      const operation = operations[method];
      const id = `${method}${path.replaceAll(/[^\w]+/g, "-")}`;
      return operation === undefined ? [] : [{ id, method: method.toUpperCase(), path, operation }];
    }),
  );

function RouteSection({ route: { id, method, path, operation } }: { readonly route: Route }) {
  const { parameters = [], responses = {} } = operation;
  const body = schemaOf(operation.requestBody);
  return (
    <section id={id} aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`} class="small">
        <code>
          {method} {path}
        </code>
      </h2>
      <p>
        <Said text={operation.summary} />
      </p>
      {operation.description === undefined ? null : (
        <p class="hint">
          <Said text={operation.description} />
        </p>
      )}
      <dl class="terms">
        {parameters.map(({ name, in: place, required, description, schema }) => (
          <Term
            name={name}
            type={`${place}, ${schema === undefined ? "string" : typeOf(schema)}${required ? ", required" : ""}`}
            text={description ?? schema?.description}
          />
        ))}
        {body === null ? null : <Term name="body" schema={body} />}
        {Object.entries(responses).map(([status, answer]) => (
          <Term name={status} schema={schemaOf(answer)} text={answer.description} />
        ))}
      </dl>
    </section>
  );
}

interface TermProps {
  readonly name: string;
  readonly type?: string;
  readonly schema?: Schema | null;
  readonly text?: string | undefined;
}

const Term = ({ name, type, schema = null, text }: TermProps) => (
  <div>
    <dt>
      <code>{name}</code>
    </dt>
    <dd>
      {schema === null ? <span class="muted">{type}</span> : <SchemaLink schema={schema} />}{" "}
      <Said text={text} />
    </dd>
  </div>
);

function SchemaLink({ schema }: { readonly schema: Schema }) {
  const parts = schema.anyOf ?? [schema];
  return (
    <>
      {parts.map((part, index) => {
        const name = namedIn(part);
        return (
          <>
            {index === 0 ? "" : " or "}
            {name === null ? (
              <span class="muted">{typeOf(part)}</span>
            ) : (
              <a href={`#schema-${name}`}>{name}</a>
            )}
          </>
        );
      })}
    </>
  );
}

function Fields({ schema }: { readonly schema: Schema }) {
  const fields = Object.entries(schema.properties ?? {});
  if (fields.length === 0) return <p class="hint">{typeOf(schema)}</p>;
  return (
    <dl class="terms">
      {fields.map(([name, field]) => (
        <div>
          <dt>
            <code>{name}</code>
            {schema.required?.includes(name) ? null : <span class="muted"> optional</span>}
          </dt>
          <dd>
            <SchemaLink schema={field} /> <Said text={field.description} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** What an OpenAPI document describes it does in CommonMark: code is all that there is of it here. */
const Said = ({ text = "" }: { readonly text?: string | undefined }) => (
  <>{text.split("`").map((part, at) => (at % 2 === 1 ? <code>{part}</code> : part))}</>
);
