"""The machinery of `./run`: from a bare checkout to a served app, in the standard library only.

console      what the person sees           system       packages of the operating system
processes    signals and children           environment  virtual environment, front-end files
places       where everything lies          postgres     the PostgreSQL programs of this machine
cluster      the private PostgreSQL         databases    the databases and roles in it
surroundings what a child is given          demo, serve, checks, commands: the four commands
"""
