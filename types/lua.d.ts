// Lua scripts are imported as text by every loader of the project.
declare module "*.lua" {
  const source: string;
  export default source;
}
