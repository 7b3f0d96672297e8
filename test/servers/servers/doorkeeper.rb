# Doorkeeper on Rails: the password and refresh token grants for the public client `spa`, with the tables that its own
# generator makes.

require 'logger'
require 'tmpdir'
require 'webrick'
require 'rails'
require 'active_record/railtie'
require 'action_controller/railtie'
require 'doorkeeper'
require 'rack/handler/webrick'

FOLDER = Dir.mktmpdir('latchkey-doorkeeper-')
ENV['DATABASE_URL'] = "sqlite3:#{FOLDER}/db"

class App < Rails::Application
  config.load_defaults 6.1
  config.root = FOLDER
  config.eager_load = false
  config.logger = Logger.new(IO::NULL)
  config.secret_key_base = 'only-for-tests'
  config.hosts.clear
  config.api_only = true
  config.allow_concurrency = false
end

Person = Struct.new(:id, :name)
ALICE = Person.new(7, 'alice')

Doorkeeper.configure do
  orm :active_record
  grant_flows %w[password]
  use_refresh_token
  access_token_expires_in Integer(ENV.fetch('LIFETIME'))
  api_only
  resource_owner_from_credentials do
    ALICE if params[:username] == 'alice' && params[:password] == 'wonderland-7'
  end
end

class MeController < ActionController::API
  before_action :doorkeeper_authorize!

  def show
    render json: { username: ALICE.name }
  end
end

App.initialize!
ActiveRecord::Schema.verbose = false
ActiveRecord::Schema.define do
  create_table :oauth_applications do |t|
    t.string :name, null: false
    t.string :uid, null: false
    t.string :secret, null: false
    t.text :redirect_uri
    t.string :scopes, null: false, default: ''
    t.boolean :confidential, null: false, default: true
    t.timestamps null: false
  end
  create_table :oauth_access_tokens do |t|
    t.references :resource_owner, index: true
    t.references :application
    t.string :token, null: false
    t.string :refresh_token
    t.integer :expires_in
    t.datetime :revoked_at
    t.datetime :created_at, null: false
    t.string :scopes
    t.string :previous_refresh_token, null: false, default: ''
  end
end
App.routes.draw do
  use_doorkeeper { skip_controllers :authorizations, :applications, :authorized_applications }
  get '/api/me', to: 'me#show'
end
Doorkeeper::Application.create!(name: 'spa', uid: 'spa', confidential: false, redirect_uri: '')

server = WEBrick::HTTPServer.new(
  BindAddress: '127.0.0.1', Port: 0, Logger: WEBrick::Log.new(IO::NULL), AccessLog: []
)
server.mount('/', Rack::Handler::WEBrick, App)
Thread.new do
  $stdin.read
  server.shutdown
end
puts "listening on #{server.listeners[0].addr[1]}"
$stdout.flush
server.start
FileUtils.remove_entry(FOLDER)
